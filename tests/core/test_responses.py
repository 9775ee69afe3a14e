"""Responses: function errors, bodies that were not taken, and what is refused in whose words."""

import pytest

from lambdasim.core import actions, inputs
from lambdasim.core.errors import IllegalTransition, InvalidRequestId, NotReady, UnknownExtension
from lambdasim.core.limits import MAX_RESPONSE_BYTES
from lambdasim.core.values import RUNTIME_PARTY
from tests.core.fake_host import Call, FakeHost

# --- function errors -----------------------------------------------------------------------------


def test_a_function_error_is_relayed_and_the_environment_stays_warm() -> None:
    host = FakeHost().cold_start(["e"])
    host.arrive()
    host.fail(payload=b'{"errorMessage":"boom"}', error_type="Function.Unhandled")
    assert (host.answers["r1"].payload, host.answers["r1"].error_type) == (
        b'{"errorMessage":"boom"}', "Function.Unhandled",
    )
    host.next(RUNTIME_PARTY)
    host.next("e")
    assert host.record("platform.runtimeDone")["status"] == "success"
    assert host.record("platform.runtimeDone")["metrics"]["producedBytes"] == 0
    assert (host.record("sim.answered")["status"], host.record("sim.answered")["errorType"]) == (
        "error", "Function.Unhandled",
    )
    host.run().serve("r2", ["e"])
    assert host.answers["r2"].error_type is None


def test_a_streamed_response_may_end_as_an_error() -> None:
    host = FakeHost().cold_start()
    host.arrive()
    host.feed(inputs.RuntimeResponseBegan(request_id="r1", is_error=False))
    host.feed(inputs.RuntimeResponseEnded(
        request_id="r1", payload=b"{}", content_type="application/json", is_error=True, error_type="Function.Late",
    ))
    assert host.answers["r1"].error_type == "Function.Late"


def test_a_response_that_is_too_large_fails_the_invocation_and_not_the_runtime() -> None:
    host = FakeHost().cold_start()
    host.arrive()
    host.feed(inputs.RuntimeResponseBegan(request_id="r1", is_error=False))
    host.feed(inputs.RuntimeResponseFailed(
        request_id="r1", error_type="Function.ResponseSizeTooLarge", produced_bytes=MAX_RESPONSE_BYTES + 1,
    ))
    assert host.answers["r1"].payload == (
        b'{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size (6291557 bytes) '
        b'exceeded maximum allowed payload size (6291556 bytes)."}'
    )
    host.next(RUNTIME_PARTY)
    host.run().serve("r2")
    assert host.completed == ["r1", "r2"]


def test_a_refused_response_mode_answers_with_an_empty_payload_and_leaves_the_runtime_stuck() -> None:
    host = FakeHost().cold_start()
    host.arrive()
    host.feed(inputs.RuntimeResponseBegan(request_id="r1", is_error=False))
    host.feed(inputs.RuntimeResponseFailed(
        request_id="r1", error_type="Runtime.InvalidResponseModeHeader", produced_bytes=0,
    ))
    assert (host.answers["r1"].payload, host.answers["r1"].error_type) == (b"", "Runtime.InvalidResponseModeHeader")
    with pytest.raises(IllegalTransition, match="from InvocationResponse to Ready failed for runtime"):
        host.next(RUNTIME_PARTY)


def test_a_truncated_response_is_a_function_error() -> None:
    host = FakeHost().cold_start()
    host.arrive()
    host.feed(inputs.RuntimeResponseBegan(request_id="r1", is_error=False))
    host.feed(inputs.RuntimeResponseFailed(request_id="r1", error_type="Runtime.TruncatedResponse", produced_bytes=3))
    assert host.answers["r1"].error_type == "Runtime.TruncatedResponse"
    host.next(RUNTIME_PARTY)
    assert host.completed == ["r1"]


# --- refusals ------------------------------------------------------------------------------------


def test_the_request_id_is_checked_before_the_state() -> None:
    host = FakeHost().cold_start().serve("r1")
    host.arrive("r2")
    for request_id in ("r1", "nonsense"):
        with pytest.raises(InvalidRequestId):
            host.feed(inputs.RuntimeResponseBegan(request_id=request_id, is_error=False))
    host.respond("r2")
    with pytest.raises(IllegalTransition, match="RuntimeResponseSentState to InvocationResponse"):
        host.feed(inputs.RuntimeResponseBegan(request_id="r2", is_error=False))


def test_no_request_id_is_valid_between_invocations() -> None:
    host = FakeHost().cold_start().serve("r1")
    with pytest.raises(InvalidRequestId):
        host.feed(inputs.RuntimeResponseBegan(request_id="r1", is_error=False))


def test_an_unknown_extension_is_refused() -> None:
    host = FakeHost().cold_start(["e"])
    for refused in (
        inputs.ExtensionNext(identifier="nobody", call=Call("nobody")),
        inputs.ExtensionInitError(identifier="nobody", error_type="Extension.X"),
        inputs.ExtensionExitError(identifier="nobody", error_type="Extension.X"),
    ):
        with pytest.raises(UnknownExtension, match="Unknown extension nobody"):
            host.feed(refused)


def test_before_init_there_is_no_event_to_wait_for() -> None:
    host = FakeHost()
    with pytest.raises(NotReady):
        host.next(RUNTIME_PARTY)
    with pytest.raises(NotReady):
        host.register("internal", [])


def test_an_unasked_measurement_is_refused() -> None:
    host = FakeHost().cold_start(["e"])
    host.arrive()
    with pytest.raises(NotReady, match="no measurement was asked for"):
        host._measure(actions.Measure())
