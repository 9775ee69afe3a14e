"""The answers to `next`: an event as headers and body, for the runtime and for extensions.

Follows RIE: rapi/rendering/rendering.go and rapi/model/agentevent.go, with the headers that only AWS's documentation
names besides (AWS Lambda, runtimes-api and runtimes-extensions-api): a client may look for either.
"""

import uuid
from collections.abc import Callable
from typing import Any

from lambdasim.api import gojson
from lambdasim.api.identifiers import IDENTIFIER_HEADER
from lambdasim.api.messages import Reply, header_lines
from lambdasim.core.actions import InvokeEvent, RuntimeEvent, ShutdownEvent


def event_reply(event: RuntimeEvent | InvokeEvent | ShutdownEvent, identifier: str) -> Reply:
    """`identifier` is that of the asking extension; the runtime has none."""
    if isinstance(event, RuntimeEvent):
        return _runtime_event(event)
    return Reply(200, gojson.encode(_DOCUMENTS[type(event)](event)), header_lines(
        ("Content-Type", "application/json"),
        ("Lambda-Extension-Event-Identifier", str(uuid.uuid4())),
        (IDENTIFIER_HEADER, identifier),
    ))


def _runtime_event(event: RuntimeEvent) -> Reply:
    invocation = event.invocation
    return Reply(200, invocation.payload, header_lines(
        ("Content-Type", invocation.content_type or "application/json"),
        ("Lambda-Runtime-Aws-Request-Id", invocation.request_id),
        ("Lambda-Runtime-Deadline-Ms", str(event.deadline_ms)),
        ("Lambda-Runtime-Invoked-Function-Arn", invocation.function_arn),
        ("Lambda-Runtime-Trace-Id", invocation.trace_id),
        ("Lambda-Runtime-Client-Context", invocation.client_context),
        ("Lambda-Runtime-Cognito-Identity", invocation.cognito_identity),
    ))


def _invoke_document(event: InvokeEvent) -> dict[str, Any]:
    """Always with `tracing`: typed clients take its absence for a broken event."""
    return {
        "eventType": "INVOKE",
        "deadlineMs": event.deadline_ms,
        "requestId": event.request_id,
        "invokedFunctionArn": event.function_arn,
        "tracing": {"type": "X-Amzn-Trace-Id", "value": event.trace_id},
    }


def _shutdown_document(event: ShutdownEvent) -> dict[str, Any]:
    return {"eventType": "SHUTDOWN", "deadlineMs": event.deadline_ms, "shutdownReason": event.reason}


_DOCUMENTS: dict[type[Any], Callable[[Any], dict[str, Any]]] = {
    InvokeEvent: _invoke_document,
    ShutdownEvent: _shutdown_document,
}
