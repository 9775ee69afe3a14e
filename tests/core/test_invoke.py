"""Invoke: parallel delivery, parked calls, early answers, tails, reports, the queue."""

from typing import Any

from lambdasim.core import actions, inputs
from lambdasim.core.actions import InvokeEvent, RuntimeEvent
from lambdasim.core.phases import Phase
from lambdasim.core.values import RUNTIME_PARTY, FunctionSpec
from tests.core.fake_host import MS, Call, FakeHost
from tests.core.snapshot import snapshot


def _delivered(host: FakeHost) -> list[str]:
    return [action.call.party for action in host.performed if isinstance(action, actions.Deliver)]  # type: ignore[attr-defined]


def _spans(record: dict[str, Any]) -> dict[str, float]:
    return {span["name"]: span["durationMs"] for span in record["spans"]}


# --- delivery ------------------------------------------------------------------------------------


def test_extensions_get_the_event_in_parallel_with_the_runtime() -> None:
    host = FakeHost().cold_start(["a", "b"]).clear()
    host.arrive()
    assert _delivered(host) == ["a", "b", RUNTIME_PARTY]
    deadline_ms = (host.now_ns + 3_000 * MS) // MS
    event = host.calls["a"].event
    assert isinstance(event, InvokeEvent)
    assert (event.request_id, event.deadline_ms) == ("r1", deadline_ms)
    assert event.trace_id and event.function_arn == host.spec.function_arn
    runtime_event = host.calls[RUNTIME_PARTY].event
    assert isinstance(runtime_event, RuntimeEvent)
    assert (runtime_event.invocation.request_id, runtime_event.deadline_ms) == ("r1", deadline_ms)


def test_external_extensions_get_the_event_before_internal_ones() -> None:
    host = FakeHost().start(["external"]).register("external")
    host.register("internal", ["INVOKE"])
    for party in ("internal", "external", RUNTIME_PARTY):
        host.next(party)
    host.run().clear()
    host.arrive()
    assert _delivered(host) == ["external", "internal", RUNTIME_PARTY]


def test_an_extension_that_did_not_subscribe_takes_no_part() -> None:
    host = FakeHost().cold_start(["e"], events=["SHUTDOWN"]).clear()
    host.arrive()
    assert _delivered(host) == [RUNTIME_PARTY]
    host.respond()
    host.next(RUNTIME_PARTY)
    assert host.completed == ["r1"]
    assert host.record("platform.report")["spans"] == []


def test_a_runtime_that_asks_again_without_an_answer_gets_the_same_event() -> None:
    host = FakeHost().cold_start().clear()
    host.arrive()
    first = host.calls[RUNTIME_PARTY].event
    assert host.next(RUNTIME_PARTY).event is first
    host.respond()
    assert host.answers["r1"].payload == b'"ok"'


def test_two_parked_calls_of_the_runtime_both_get_the_event() -> None:
    host = FakeHost().cold_start()
    first, second = host.calls[RUNTIME_PARTY], host.next(RUNTIME_PARTY)
    host.arrive()
    assert first.event is not None
    assert first.event is second.event


def test_an_event_for_a_party_whose_connection_was_lost_waits_for_its_next_call() -> None:
    host = FakeHost().cold_start(["e"])
    host.drop("e")
    host.drop(RUNTIME_PARTY)
    host.arrive()
    assert host.environment.holders == (RUNTIME_PARTY, "e")
    assert isinstance(host.next("e").event, InvokeEvent)
    assert isinstance(host.next(RUNTIME_PARTY).event, RuntimeEvent)
    host.respond()
    host.next(RUNTIME_PARTY)
    assert host.environment.holders == ("e",)
    host.next("e")
    assert host.completed == ["r1"]


def test_a_lost_invoke_answer_is_not_given_again_to_an_extension() -> None:
    host = FakeHost().cold_start(["e"])
    host.arrive()
    assert host.next("e").event is None
    assert host.environment.holders == (RUNTIME_PARTY,)


def test_dropping_a_call_that_is_not_parked_changes_nothing() -> None:
    host = FakeHost().cold_start(["e"])
    host.arrive()
    before = snapshot(host.environment)
    assert host.feed(inputs.CallDropped(call=host.calls["e"])) == []
    assert host.feed(inputs.CallDropped(call=Call("stranger"))) == []
    assert snapshot(host.environment) == before


# --- the answer and the tail ---------------------------------------------------------------------


def test_the_caller_is_answered_before_the_extensions_are_done() -> None:
    host = FakeHost().cold_start(["e"])
    host.arrive()
    host.advance(20)
    host.respond()
    assert host.answers["r1"].payload == b'"ok"'
    assert (host.completed, host.environment.current is not None) == ([], True)
    host.next(RUNTIME_PARTY)
    assert (host.completed, host.environment.holders) == ([], ("e",))
    host.advance(200)
    host.next("e")
    assert host.completed == ["r1"]
    assert host.record("sim.answered") == {
        "requestId": "r1", "status": "success", "producedBytes": 4, "answeredAfterMs": 21.0,
    }
    assert host.record("platform.report")["metrics"]["durationMs"] == 221.0


def test_spans_divide_the_runtimes_part_and_name_the_extensions_overhead() -> None:
    host = FakeHost().cold_start(["a", "b"])
    host.arrive()
    host.advance(20)
    host.feed(inputs.RuntimeResponseBegan(request_id="r1", is_error=False))
    host.advance(3)
    host.feed(inputs.RuntimeResponseEnded(request_id="r1", payload=b"12345", content_type="text/plain", is_error=False))
    host.advance(2)
    host.next(RUNTIME_PARTY)
    done = host.record("platform.runtimeDone")
    assert _spans(done) == {"responseLatency": 20.0, "responseDuration": 3.0, "runtimeOverhead": 2.0}
    assert (done["metrics"], done["status"]) == ({"durationMs": 25.0, "producedBytes": 5}, "success")
    host.advance(30)
    host.next("a")
    host.advance(30)
    host.next("b")
    assert _spans(host.record("platform.report")) == {"extensionOverhead": 60.0}
    assert host.answers["r1"].content_type == "text/plain"


def test_an_extension_that_is_done_before_the_runtime_has_no_tail() -> None:
    host = FakeHost().cold_start(["e"])
    host.arrive()
    host.next("e")
    host.advance(20)
    host.respond()
    host.next(RUNTIME_PARTY)
    assert host.completed == ["r1"]
    assert _spans(host.record("platform.report")) == {"extensionOverhead": 0.0}
    assert host.record("platform.report")["metrics"]["durationMs"] == 21.0


def test_each_invocation_is_started_done_and_reported_once() -> None:
    host = FakeHost().cold_start(["e"]).serve("r1", ["e"]).serve("r2", ["e"])
    steps = [(event.type, event.record["requestId"]) for _, event in host.events  # type: ignore[index]
             if event.type in ("platform.start", "platform.runtimeDone", "platform.report")]
    assert steps == [
        (f"platform.{step}", request) for request in ("r1", "r2") for step in ("start", "runtimeDone", "report")
    ]


def test_init_duration_is_billed_with_the_first_invocation_only() -> None:
    host = FakeHost().cold_start().serve("r1").serve("r2")
    first, second = (record["metrics"] for record in host.all_records("platform.report"))
    assert first == {"durationMs": 21.0, "billedDurationMs": 81, "memorySizeMB": 128, "maxMemoryUsedMB": 41,
                     "initDurationMs": 60.0}
    assert second == {"durationMs": 21.0, "billedDurationMs": 21, "memorySizeMB": 128, "maxMemoryUsedMB": 41}
    assert [record["coldStart"] for record in host.all_records("sim.invoke")] == [True, False]


def test_a_measurement_precedes_every_report() -> None:
    host = FakeHost().cold_start(["e"]).serve("r1", ["e"])
    types = [type for type in host.types() if type in ("sim.measurement", "platform.report", "platform.initReport")]
    assert types == ["sim.measurement", "platform.initReport", "sim.measurement", "platform.report"]
    assert host.record("sim.measurement")["requestId"] == "r1"
    assert [use["party"] for use in host.record("sim.measurement")["processes"]] == ["e", RUNTIME_PARTY]


# --- the queue -----------------------------------------------------------------------------------


def test_invocations_that_arrive_while_it_is_busy_run_in_order_and_without_a_freeze_between() -> None:
    host = FakeHost().cold_start(["e"]).clear()
    host.arrive("r1")
    host.arrive("r2")
    host.arrive("r3")
    for request_id in ("r1", "r2", "r3"):
        current = host.environment.current
        assert current is not None and current.request_id == request_id
        host.respond(request_id)
        host.next(RUNTIME_PARTY)
        host.next("e")
        host.run()
    assert host.completed == ["r1", "r2", "r3"]
    assert host.types("sim.freeze") == ["sim.freeze"]


def test_an_invocation_that_arrives_during_init_runs_when_init_is_over() -> None:
    host = FakeHost().start(["e"])
    host.arrive()
    assert host.environment.current is None
    host.initialise(["e"])
    assert host.phase is Phase.INVOKE_RUNTIME
    assert host.types("sim.freeze") == []


def test_an_invocation_may_arrive_before_init_is_requested() -> None:
    host = FakeHost()
    host.arrive()
    host.cold_start()
    host.respond()
    assert "r1" in host.answers


def test_the_deadline_follows_the_functions_timeout() -> None:
    host = FakeHost(spec=FunctionSpec(function_name="f", timeout_ms=900_000)).cold_start()
    host.arrive()
    assert host.timers == {"invoke": host.now_ns + 900_000 * MS}
    host.respond()
    host.next(RUNTIME_PARTY)
    assert host.timers == {}
