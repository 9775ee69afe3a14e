"""What is alive now, the tour, and the search field of the header."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from dashboard import rows
from lambdasim.recording import queries
from lambdasim.samples.tour import TOUR

LATEST_INVOCATIONS = 15


@require_safe
@ensure_csrf_cookie
def home(request: HttpRequest) -> HttpResponse:
    functions = rows.function_rows()
    ctx = {
        "noun": "home",
        "functions": functions,
        "environments": rows.environment_rows(alive=True),
        "invocations": queries.invocations(limit=LATEST_INVOCATIONS),
        "tour": tour_steps(one.name for one in functions),
    }
    return render(request, "dashboard/home.html", ctx)


def tour_steps(names: Iterable[str]) -> list[dict[str, Any]]:
    """The steps whose sample is loaded."""
    known = set(names)
    return [asdict(step) for step in TOUR if step.function in known]


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """A whole id goes to its page; anything else is looked for in names and beginnings of ids."""
    text = request.GET.get("q", "").strip()
    if queries.invocation(text) is not None:
        return redirect("dashboard:invocation", request_id=text)
    if queries.environment(text) is not None:
        return redirect("dashboard:environment", environment_id=text)
    functions = [one for one in rows.function_rows() if text.lower() in " ".join([one.name, *one.extensions]).lower()]
    environments = [one for one in rows.environment_rows(limit=500) if text and one["environment_id"].startswith(text)]
    invocations = [one for one in queries.invocations(limit=500) if text and one["request_id"].startswith(text)]
    if len(functions) == 1 and not environments and not invocations:
        return redirect("dashboard:function", name=functions[0].name)
    found = {"functions": functions, "environments": environments, "invocations": invocations}
    ctx = {"noun": "search", "text": text, **found}
    return render(request, "dashboard/search.html", ctx)
