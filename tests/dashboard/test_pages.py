import json

import pytest
from django.test import Client

from dashboard.templatetags.units import item
from dashboard.views.home import tour_steps
from lambdasim.metrics.fold import EnvironmentFold
from tests.dashboard.conftest import ENVIRONMENT_ID, Record, golden_events

pytestmark = pytest.mark.django_db


def text_of(client: Client, path: str) -> str:
    response = client.get(path, follow=True)
    assert response.status_code == 200, response.content
    return response.content.decode()


def page_data(text: str, name: str) -> dict:
    return json.loads(text.partition(f'<script id="{name}" type="application/json">')[2].partition("</script>")[0])


def test_without_a_function_the_pages_say_how_to_get_one(client: Client) -> None:
    assert "manage.py load_samples" in text_of(client, "/")
    assert "manage.py load_samples" in text_of(client, "/functions/")
    assert "No execution environment lives" in text_of(client, "/environments/")


def test_a_page_is_shown_without_redis_and_says_so(client: Client, settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    assert "broker away" in text_of(client, "/")


def test_home_lists_functions_and_what_was_invoked(client: Client, hello: str, record: Record) -> None:
    record("life")
    text = text_of(client, "/")
    assert 'href="/functions/hello/"' in text
    assert 'href="/invocations/r-2/"' in text


def test_a_function_page_has_what_it_takes_to_invoke_and_to_follow(client: Client, hello: str) -> None:
    text = text_of(client, "/functions/hello/?version=1")
    assert page_data(text, "subscription") == {"function_name": "hello", "version": "1"}
    assert 'action="/functions/hello/invoke/"' in text
    assert "csrfmiddlewaretoken" in text
    assert "<life-timeline live>" in text


def test_what_people_wrote_is_escaped(client: Client, hello: str) -> None:
    text = text_of(client, "/functions/")
    assert "says &lt;b&gt;hello" in text
    assert "<b>hello" not in text


@pytest.mark.parametrize("path", [
    "/functions/nobody/", "/functions/hello/?version=99", "/environments/nothing/", f"/environments/{ENVIRONMENT_ID}/",
    "/invocations/nothing/", "/invocations/nothing/raw.json",
])
def test_what_does_not_exist_is_named_with_a_way_back(client: Client, hello: str, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert "There is no" in response.content.decode()


def test_an_environment_page_shows_its_state_and_how_it_was_measured(client: Client, record: Record) -> None:
    text = text_of(client, f"/environments/{record('life')}/")
    assert "ended" in text
    assert "memory by <b>pss</b>" in text
    assert "data-stop" not in text


def test_every_event_of_an_environment_can_be_read_on_from_a_cursor(client: Client, record: Record) -> None:
    path = f"/environments/{record('life')}/events.json"
    whole = client.get(path).json()
    assert [event["seq"] for event in whole["events"]] == list(range(1, 83))
    assert whole["more"] is False
    assert [event["seq"] for event in client.get(path, {"after": 80}).json()["events"]] == [81, 82]
    assert client.get(path, {"after": "x"}).status_code == 400


def test_pages_of_events_say_that_there_are_more(client: Client, record: Record, monkeypatch) -> None:
    monkeypatch.setattr("dashboard.views.environments.PAGE_EVENTS", 50)
    answer = client.get(f"/environments/{record('life')}/events.json").json()
    assert (len(answer["events"]), answer["more"]) == (50, True)


def test_an_invocation_page_shows_both_clocks_and_the_report(client: Client, record: Record) -> None:
    record("life")
    text = text_of(client, "/invocations/r-1/")
    figures = client.get("/invocations/r-1/raw.json").json()
    assert "Answered after" in text
    assert "Busy (Duration)" in text
    assert figures["report_line"].split("\t")[0] in text
    assert figures["memory_method"] in text


def test_the_picture_of_an_invocation_is_the_folds_own(client: Client, record: Record) -> None:
    record("life")
    picture = page_data(text_of(client, "/invocations/r-2/"), "picture")
    whole = EnvironmentFold().feed(golden_events("life")).to_json()
    expected = [span for span in whole["spans"] if span["request_id"] == "r-2"]
    assert [span for span in picture["spans"] if span["request_id"] == "r-2"] == expected
    assert [span["kind"] for span in expected if span["kind"] == "tail"]


@pytest.mark.parametrize("name", ["crash", "timeout", "function_error"])
def test_what_went_wrong_is_said_in_words(client: Client, record: Record, name: str) -> None:
    record(name)
    invocation = client.get("/invocations/r-1/raw.json").json()
    assert invocation["status"] != "success"
    assert f"state state-{invocation['status']}" in text_of(client, "/invocations/r-1/")


def test_charts_of_a_function_are_of_its_newest_invocations(client: Client, record: Record) -> None:
    record("life")
    charts = client.get("/functions/hello/use.json", {"version": "7"}).json()
    assert {trace["name"] for trace in charts["cpu"]["data"]} == {"runtime", "alpha", "beta"}
    assert client.get("/functions/hello/use.json", {"version": "6"}).json()["cpu"]["data"] == []


def test_search_goes_straight_to_an_id(client: Client, hello: str, record: Record) -> None:
    record("life")
    assert client.get("/search/", {"q": "r-1"}).url == "/invocations/r-1/"
    assert client.get("/search/", {"q": ENVIRONMENT_ID}).url == f"/environments/{ENVIRONMENT_ID}/"
    assert client.get("/search/", {"q": "hell"}).url == "/functions/hello/"


def test_search_shows_beginnings_and_admits_when_it_finds_nothing(client: Client, record: Record) -> None:
    record("life")
    assert ENVIRONMENT_ID in client.get("/search/", {"q": ENVIRONMENT_ID[:6]}).content.decode()
    assert "Nothing is called so" in client.get("/search/", {"q": "zzz"}).content.decode()


def test_the_tour_has_the_steps_whose_sample_is_loaded() -> None:
    assert tour_steps([]) == []
    steps = tour_steps(["hello"])
    assert {step["function"] for step in steps} == {"hello"}
    assert all(json.loads(step["event"]) is not None and step["says"] for step in steps)


def test_an_item_that_is_not_there_is_none() -> None:
    assert item({"a": 1}, "a") == 1
    assert item({"a": 1}, "b") is None
    assert item(None, "b") is None
