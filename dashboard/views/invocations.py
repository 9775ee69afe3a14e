"""One invocation: its waterfall, its two clocks, its REPORT line, and what each process used."""

from itertools import takewhile
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard import figures
from lambdasim.metrics.fold import EnvironmentFold
from lambdasim.recording import queries


@require_safe
def invocation_page(request: HttpRequest, request_id: str) -> HttpResponse:
    invocation = _found(request_id)
    ctx = {
        "noun": "functions",
        "invocation": invocation,
        "critical": next((one for one in invocation["extensions"] if one["critical"]), None),
        "picture": _picture(invocation),
        "memory": figures.process_memory(invocation),
        "cpu": figures.process_cpu(invocation),
    }
    return render(request, "dashboard/invocation.html", ctx)


@require_safe
def raw(request: HttpRequest, request_id: str) -> JsonResponse:
    return JsonResponse(_found(request_id), json_dumps_params={"indent": 2})


def _found(request_id: str) -> dict[str, Any]:
    invocation = queries.invocation(request_id)
    if invocation is None:
        raise Http404(f"There is no invocation {request_id}; it may be under way, or its recording was pruned.")
    return invocation


def _picture(invocation: dict[str, Any]) -> dict[str, Any]:
    """The invocation's own events, folded as the live feed folds them, in the form of one of its messages."""
    environment_id, last_seq = invocation["environment_id"], invocation["last_seq"]
    recorded = queries.events(environment_id, after_seq=invocation["first_seq"] - 1)
    own = list(takewhile(lambda event: event.seq <= last_seq, recorded))
    update = EnvironmentFold().feed(own).to_json()
    state = {
        **update["environment"], "function_name": invocation["function_name"], "version": invocation["version"],
        "extensions": [one["name"] for one in invocation["extensions"]],
    }
    return {**update, "environment_id": environment_id, "environment": state, "last_seq": last_seq}
