"""The list of functions, and one function (or one version of it) live."""

import json

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from dashboard import figures, rows
from lambdasim.functions import queries as functions
from lambdasim.recording import queries

SHOWN_INVOCATIONS = 50
CHARTED_INVOCATIONS = 40
EXAMPLE_EVENT = {"name": "lambdasim", "n": 1}


@require_safe
def function_list(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboard/functions.html", {"noun": "functions", "functions": rows.function_rows()})


@require_safe
@ensure_csrf_cookie
def function_page(request: HttpRequest, name: str) -> HttpResponse:
    qualifier = request.GET.get("version") or None
    function = next((one for one in functions.list_functions() if one.name == name), None)
    versions = list(function.versions.all()) if function else []
    if function is None or (qualifier and qualifier not in {one.version for one in versions}):
        raise Http404(f"There is no function {name}{f' with a version {qualifier}' if qualifier else ''}.")
    shown = next((one for one in versions if one.version == qualifier), versions[-1])
    ctx = {
        "noun": "functions",
        "function": function,
        "qualifier": qualifier,
        "versions": versions,
        "shown": shown,
        "extensions": functions.extensions_of(shown),
        "layers": [str(one) for one in shown.layers.all()],
        "summary": queries.function_summary(name, qualifier),
        "invocations": queries.invocations(name, qualifier, limit=SHOWN_INVOCATIONS),
        "example_event": json.dumps(EXAMPLE_EVENT, indent=2),
        "subscription": {"function_name": name, "version": qualifier},
    }
    return render(request, "dashboard/function.html", ctx)


@require_safe
def use_figures(request: HttpRequest, name: str) -> JsonResponse:
    """Memory and CPU of each process over the last invocations, as two Plotly figures."""
    newest = queries.invocations(name, request.GET.get("version") or None, limit=CHARTED_INVOCATIONS)
    oldest_first = newest[::-1]
    return JsonResponse({"memory": figures.memory_history(oldest_first), "cpu": figures.cpu_history(oldest_first)})
