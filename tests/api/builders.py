"""Values for these tests, with defaults for what a test does not care about."""

from typing import Any

from lambdasim.core.actions import InvokeEvent, RuntimeEvent, ShutdownEvent
from lambdasim.core.values import Invocation, ShutdownReason

REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
TRACE_ID = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"
IDENTIFIER = "8fdbb1a7-57ae-4d3c-9ee4-b1b2bfe2d0ff"
NEXT = "/2018-06-01/runtime/invocation/next"
RESPONSE = f"/2018-06-01/runtime/invocation/{REQUEST_ID}/response"
ERROR = f"/2018-06-01/runtime/invocation/{REQUEST_ID}/error"
INIT_ERROR = "/2018-06-01/runtime/init/error"
REGISTER = "/2020-01-01/extension/register"
EXTENSION_NEXT = "/2020-01-01/extension/event/next"


def runtime_event(**changes: Any) -> RuntimeEvent:
    invocation = {
        "request_id": REQUEST_ID, "payload": b'{"key": "value"}', "accepted_at_ns": 1, "function_arn": ARN,
        "trace_id": TRACE_ID,
    }
    return RuntimeEvent(invocation=Invocation(**(invocation | changes)), deadline_ms=1_700_000_000_123)


def invoke_event() -> InvokeEvent:
    return InvokeEvent(
        request_id=REQUEST_ID, function_arn=ARN, trace_id=TRACE_ID, deadline_ms=1_700_000_000_123
    )


def shutdown_event(reason: ShutdownReason = ShutdownReason.SPINDOWN) -> ShutdownEvent:
    return ShutdownEvent(reason=reason, deadline_ms=1_700_000_002_000)
