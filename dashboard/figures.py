"""Charts as Plotly figures, plain data in and plain data out: no ORM, no request, no globals.

Colours are tokens of palette.py in each trace's `meta`; static/js/parts/charts.js puts the theme's value in when it
draws, and again when the theme changes. One slim layout: Plotly's default template would add 6 KB to every figure.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.palette import SERIES
from dashboard.units import figure

Figure = dict[str, Any]
Metrics = Mapping[str, Any]

PATTERNS = ("", "/", "\\", ".", "x")
MARKERS = ("circle", "square", "diamond", "triangle-up", "cross")
RUNTIME = "runtime"


def process_memory(invocation: Metrics) -> Figure:
    """One bar a process: its peak memory in this invocation, beside the environment's own peak."""
    processes = _processes(invocation)
    traces = [_bar(processes, field="max_memory_mb", unit="MB")]
    return _figure(traces, x_title=f"peak MB by {invocation['memory_method']}")


def process_cpu(invocation: Metrics) -> Figure:
    """One bar a process: the CPU time it took in this invocation."""
    return _figure([_bar(_processes(invocation), field="cpu_ms", unit="ms")], x_title="CPU ms")


def memory_history(invocations: Sequence[Metrics]) -> Figure:
    """Peak memory of each process over the last invocations, oldest first; the limit as a line of its own."""
    traces = [
        _line(name, place, invocations=invocations, field="max_memory_mb", unit="MB")
        for place, name in enumerate(_names(invocations))
    ]
    if invocations:
        traces.append(_environment_peak(invocations))
    return _figure(traces, y_title=f"peak MB{_methods(invocations)}", hover="x unified")


def cpu_history(invocations: Sequence[Metrics]) -> Figure:
    """CPU time of each process over the last invocations, oldest first."""
    traces = [
        _line(name, place, invocations=invocations, field="cpu_ms", unit="ms")
        for place, name in enumerate(_names(invocations))
    ]
    return _figure(traces, y_title="CPU ms", hover="x unified")


def _processes(invocation: Metrics) -> list[Metrics]:
    runtime = {"name": RUNTIME, **(invocation.get("runtime") or {})}
    return [runtime, *invocation.get("extensions", [])]


def _names(invocations: Sequence[Metrics]) -> list[str]:
    """Every process that occurs, the runtime first: its place decides its colour, pattern and marker."""
    names = {process["name"]: None for one in invocations for process in _processes(one)}
    return list(names)


def _methods(invocations: Sequence[Metrics]) -> str:
    methods = sorted({str(one["memory_method"]) for one in invocations if one.get("memory_method")})
    return f" by {', '.join(methods)}" if methods else ""


def _bar(processes: Sequence[Metrics], *, field: str, unit: str) -> dict[str, Any]:
    places = [place % len(SERIES) for place in range(len(processes))]
    return {
        "type": "bar",
        "orientation": "h",
        "x": [process.get(field) for process in processes],
        "y": [process["name"] for process in processes],
        "text": [_amount(process.get(field), unit) for process in processes],
        "textposition": "outside",
        "cliponaxis": False,
        "hovertemplate": f"%{{y}}: %{{x}} {unit}<extra></extra>",
        "marker": {"pattern": {"shape": [PATTERNS[place] for place in places], "solidity": 0.25, "size": 7}},
        "meta": {"colours": [f"series-{place + 1}" for place in places]},
    }


def _amount(value: float | None, unit: str) -> str:
    return "not measured" if value is None else f"{figure(value)} {unit}"


def _line(name: str, place: int, *, invocations: Sequence[Metrics], field: str, unit: str) -> dict[str, Any]:
    use = [{process["name"]: process for process in _processes(one)} for one in invocations]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": list(range(1, len(invocations) + 1)),
        "y": [processes.get(name, {}).get(field) for processes in use],
        "customdata": [one["request_id"] for one in invocations],
        "hovertemplate": f"{name} %{{y:.3g}} {unit}<extra></extra>",
        "marker": {"symbol": MARKERS[place % len(MARKERS)], "size": 6},
        "line": {"width": 1.5},
        "meta": {"colours": f"series-{place % len(SERIES) + 1}"},
    }


def _environment_peak(invocations: Sequence[Metrics]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "Max Memory Used",
        "x": list(range(1, len(invocations) + 1)),
        "y": [one.get("max_memory_used_mb") for one in invocations],
        "hovertemplate": "environment %{y} MB<extra></extra>",
        "line": {"width": 1.5, "dash": "dot"},
        "meta": {"colours": "text-muted"},
    }


def _figure(traces: list[dict[str, Any]], *, x_title: str = "", y_title: str = "", hover: str = "closest") -> Figure:
    bars = bool(traces) and traces[0]["type"] == "bar"
    return {
        "data": traces,
        "layout": {
            "margin": {"l": 8, "r": 56 if bars else 12, "t": 8, "b": 36},
            "height": 56 + 32 * len(traces[0]["y"]) + 24 if bars else 240,
            "bargap": 0.35,
            "showlegend": not bars,
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "hovermode": hover,
            "xaxis": {"title": _title(x_title or "invocation, oldest to newest"), "automargin": True,
                      "visible": bool(traces), **({"rangemode": "tozero"} if bars else _whole_numbers(traces))},
            "yaxis": {"title": _title(y_title), "automargin": True, "rangemode": "tozero", "visible": bool(traces),
                      **({"autorange": "reversed"} if bars else {})},
            "annotations": [] if traces else [{**_NOTHING_YET}],
        },
    }


_NOTHING_YET = {
    "text": "Appears with the first invocation", "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5,
    "showarrow": False,
}


def _whole_numbers(traces: list[dict[str, Any]]) -> dict[str, Any]:
    """There is no invocation 1.5: a tick at each of a few, and at round numbers of many."""
    count = max((len(trace["x"]) for trace in traces), default=0)
    return {"tick0": 0, "dtick": 1 if count <= 10 else 5}


def _title(text: str) -> dict[str, Any]:
    return {"text": text, "font": {"size": 12}}
