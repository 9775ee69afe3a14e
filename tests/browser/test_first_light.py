"""The product as a whole, seen by somebody who looks at it for the first time: everything real, nothing reloaded.

`stack` is the address of a lambdasim that runs as `manage.py up` runs it, samples loaded.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

PATIENCE_MS = 30_000


@pytest.fixture
def page(browser: Browser, stack: str) -> Iterator[Page]:
    context = browser.new_context(base_url=stack, viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield opened
    context.close()
    assert problems == []


def invoke(page: Page) -> None:
    button = page.get_by_role("button", name="Invoke", exact=True)
    button.click()
    expect(button).to_be_enabled(timeout=PATIENCE_MS)
    page.locator("[data-result-report]").wait_for(state="visible")


def until_drawn(page: Page, *kinds: str) -> None:
    page.wait_for_function(
        """kinds => {
            const drawn = new Set(document.querySelector('life-timeline').drawn.bars.map(bar => bar.span.kind));
            return kinds.every(kind => drawn.has(kind));
        }""", arg=list(kinds), timeout=PATIENCE_MS)


def test_an_invocation_appears_with_its_phases_tails_and_freeze_without_a_reload(page: Page) -> None:
    page.goto("/functions/hello/?version=2")
    expect(page.locator("[data-live]")).to_contain_text("live")
    page.evaluate("window.neverReloaded = true")

    invoke(page)
    until_drawn(page, "init", "extension-init", "runtime-init", "function-init", "invoke", "handler", "tail", "frozen")
    expect(page.locator("[data-result-report]")).to_contain_text("Init Duration:")
    expect(page.locator("[data-result-clocks]")).to_contain_text("critical: slow-tail-extension")

    invoke(page)
    rows = page.locator("table[data-invocations] tbody tr")
    expect(rows).to_have_count(2)
    assert [rows.nth(place).locator("td").nth(3).inner_text() for place in (0, 1)] == ["warm", "cold"]
    expect(page.locator("[data-log-lines]")).to_contain_text("greeting lambdasim")
    assert page.evaluate("window.neverReloaded") is True


def test_the_caller_is_answered_long_before_the_environment_is_free(page: Page) -> None:
    page.goto("/functions/hello/?version=2")
    invoke(page)
    invoke(page)
    page.get_by_role("link", name="Open this invocation").click()
    page.wait_for_selector("h1.mono")
    until_drawn(page, "invoke", "handler", "tail")
    figures = page.evaluate("fetch(location.pathname + 'raw.json').then(answer => answer.json())")
    assert figures["cold_start"] is False
    assert figures["duration_ms"] - figures["answered_after_ms"] > 40
    critical = [one["name"] for one in figures["extensions"] if one["critical"]]
    assert critical == ["slow-tail-extension"]
    expect(page.locator(".tag-critical")).to_have_count(1)
    marks = page.evaluate("document.querySelector('life-timeline').drawn.markers.map(one => one.marker.kind)")
    assert marks == ["answered", "busy-until"]


def test_an_environment_can_be_stopped_and_its_extensions_hear_of_it(page: Page) -> None:
    page.goto("/functions/hello/?version=2")
    invoke(page)
    page.goto("/environments/")
    page.locator("tr[data-environment]", has_text="hello:2").first.locator("a").first.click()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("[data-environment-state]")).to_contain_text("ended", timeout=PATIENCE_MS)
    until_drawn(page, "shutdown")
    page.locator("[data-events-filter]").fill("sim.shutdown")
    expect(page.locator("[data-events-rows] tr:visible")).to_have_count(1)
    expect(page.locator("[data-stop]")).to_have_count(0)


def test_a_page_that_lost_its_connection_catches_up_without_losing_what_it_shows(
    page: Page, browser: Browser, stack: str
) -> None:
    page.goto("/functions/hello/?version=1")
    invoke(page)
    expect(page.locator("table[data-invocations] tbody tr")).to_have_count(1)
    live = page.locator("[data-live]")
    live.click()
    expect(live).to_have_text("paused")
    other = browser.new_page()
    other.goto(f"{stack}/functions/hello/?version=1")
    invoke(other)
    other.close()
    expect(page.locator("table[data-invocations] tbody tr")).to_have_count(1)
    live.click()
    expect(page.locator("table[data-invocations] tbody tr")).to_have_count(2, timeout=PATIENCE_MS)


def test_an_event_that_is_no_json_is_refused_before_it_is_sent(page: Page) -> None:
    page.goto("/functions/hello/?version=1")
    page.locator("[data-event]").fill("{")
    page.get_by_role("button", name="Invoke", exact=True).click()
    expect(page.locator("[data-event-problem]")).to_contain_text("Not JSON")
    expect(page.locator("[data-result]")).to_be_hidden()


def test_the_theme_is_kept_and_the_keys_are_shown(page: Page) -> None:
    page.goto("/")
    page.locator("[data-theme-switch]").click()
    page.locator("[data-theme-switch]").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.keyboard.press("?")
    expect(page.locator("dialog.shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("path", ["/", "/functions/", "/functions/hello/", "/environments/"])
def test_no_page_is_wider_than_its_window(page: Page, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
