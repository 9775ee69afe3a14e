import json

import plotly.graph_objects as go
import pytest

from dashboard import figures
from dashboard.palette import TOKENS
from tests.dashboard.recording import Life

INVOCATIONS = [
    one for message in Life(environment_id="e").init().invoke().freeze(100).invoke(tail_factor=2).messages
    for one in message["invocations"]
]
FIGURES = {
    "process_memory": figures.process_memory(INVOCATIONS[0]),
    "process_cpu": figures.process_cpu(INVOCATIONS[0]),
    "memory_history": figures.memory_history(INVOCATIONS),
    "cpu_history": figures.cpu_history(INVOCATIONS),
    "nothing yet": figures.memory_history([]),
}


@pytest.mark.parametrize("name", FIGURES)
def test_plotly_accepts_the_figure(name: str) -> None:
    go.Figure(FIGURES[name], skip_invalid=False)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_stays_slim(name: str) -> None:
    assert len(json.dumps(FIGURES[name])) < 4_000


@pytest.mark.parametrize("name", FIGURES)
def test_colours_are_tokens_of_the_palette(name: str) -> None:
    for trace in FIGURES[name]["data"]:
        named = trace["meta"]["colours"]
        assert set([named] if isinstance(named, str) else named) <= set(TOKENS)


def test_one_bar_for_each_process_the_runtime_first() -> None:
    bars = FIGURES["process_memory"]["data"][0]
    assert bars["y"] == ["runtime", "otel-ext", "log-ext"]
    assert bars["x"] == [49.3, 18.4, 11.2]
    assert "pss" in FIGURES["process_memory"]["layout"]["xaxis"]["title"]["text"]


def test_what_was_not_measured_is_said_so() -> None:
    invocation = {**INVOCATIONS[0], "runtime": {"cpu_ms": None, "max_memory_mb": None}}
    assert figures.process_cpu(invocation)["data"][0]["text"][0] == "not measured"


def test_a_line_for_each_process_over_the_invocations() -> None:
    lines = {trace["name"]: trace["y"] for trace in FIGURES["cpu_history"]["data"]}
    assert lines["otel-ext"] == [pytest.approx(33.6), pytest.approx(67.2)]
    assert set(lines) == {"runtime", "otel-ext", "log-ext"}


def test_lines_are_told_apart_without_colour() -> None:
    markers = [trace["marker"]["symbol"] for trace in FIGURES["cpu_history"]["data"]]
    assert len(set(markers)) == len(markers)
