"""Execution environments: the list, one life with everything recorded about it, and ending it."""

from itertools import islice

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from dashboard import rows
from lambdasim.invocations import services
from lambdasim.recording import queries

PAGE_EVENTS = 1_000


@require_safe
def environment_list(request: HttpRequest) -> HttpResponse:
    ctx = {
        "noun": "environments",
        "alive": rows.environment_rows(alive=True, limit=200),
        "ended": rows.environment_rows(alive=False, limit=50),
    }
    return render(request, "dashboard/environments.html", ctx)


@require_safe
@ensure_csrf_cookie
def environment_page(request: HttpRequest, environment_id: str) -> HttpResponse:
    row = queries.environment(environment_id)
    if row is None:
        raise Http404(f"There is no execution environment {environment_id}, or its recording was pruned.")
    ctx = {
        "noun": "environments",
        "environment": rows.flat(row),
        "page_events": PAGE_EVENTS,
        "subscription": {"environment_id": environment_id},
    }
    return render(request, "dashboard/environment.html", ctx)


@require_safe
def events(request: HttpRequest, environment_id: str) -> JsonResponse:
    """The next events after `?after=SEQ`; `more` says that there are further ones."""
    after = request.GET.get("after", "0")
    if not after.isdecimal():
        return JsonResponse({"problem": "after: expected a sequence number"}, status=400)
    read = list(islice(queries.events(environment_id, after_seq=int(after)), PAGE_EVENTS + 1))
    return JsonResponse({"events": [event.to_json() for event in read[:PAGE_EVENTS]], "more": len(read) > PAGE_EVENTS})


@require_POST
async def stop(request: HttpRequest, environment_id: str) -> HttpResponse:
    """Asks for an orderly shutdown (spindown): extensions get SHUTDOWN. It is no error if it is gone already."""
    await services.stop_environment(environment_id)
    return redirect("dashboard:environment", environment_id=environment_id)
