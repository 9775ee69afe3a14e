"""Invokes a function from its page. The answer comes as soon as the caller would have it: extensions may still work."""

import json
import time

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from lambdasim.functions.queries import FunctionNotFound
from lambdasim.invocations import services
from lambdasim.invocations.errors import NotServed, Throttled

MAX_SHOWN_BYTES = 64 * 1024


@require_POST
async def invoke_function(request: HttpRequest, name: str) -> JsonResponse:
    """Body `{"qualifier", "payload"}`, the payload being the event's JSON text, which goes to the function as it is."""
    try:
        asked = json.loads(request.body)
        payload = asked["payload"].encode()
        json.loads(payload)
        qualifier = asked.get("qualifier") or None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return _refusal(400, f"The event is not JSON: {error}", "Correct the event; nothing was invoked.")
    began_ns = time.monotonic_ns()
    try:
        result = await services.invoke(name, qualifier, payload, log_tail=True)
    except FunctionNotFound as error:
        return _refusal(404, str(error), "Choose a version that exists.")
    except Throttled as error:
        return _refusal(429, str(error), "Wait until an environment is free, or stop one.")
    except NotServed as error:
        certain = "Nothing was invoked; try again when it is there."
        return _refusal(503, str(error), "The function may have run." if error.may_have_run else certain)
    shown = result.payload[:MAX_SHOWN_BYTES]
    return JsonResponse({
        "request_id": result.request_id, "status": str(result.status), "error_type": result.error_type,
        "executed_version": result.executed_version, "payload": shown.decode(errors="replace"),
        "payload_bytes": len(result.payload), "log_tail": result.log_tail.decode(errors="replace"),
        "round_trip_ms": (time.monotonic_ns() - began_ns) / 1e6,
    })


def _refusal(status: int, problem: str, remedy: str) -> JsonResponse:
    return JsonResponse({"problem": problem, "remedy": remedy}, status=status)
