"""Faults while an invocation runs or the environment is idle: what the caller reads, and the reset that follows."""

import pytest

from lambdasim.core import actions, inputs
from lambdasim.core.actions import ShutdownEvent
from lambdasim.core.errors import NotReady, UnknownExtension
from lambdasim.core.phases import Phase
from lambdasim.core.values import RUNTIME_PARTY, ShutdownReason
from tests.core.fake_host import MS, FakeHost


def _body(error_type: str, text: str, request_id: str = "r1") -> bytes:
    return f'{{"errorType":"{error_type}","errorMessage":"RequestId: {request_id} Error: {text}"}}'.encode()


# --- timeout -------------------------------------------------------------------------------------


def test_a_timeout_answers_at_once_and_resets_with_the_reason_timeout() -> None:
    host = FakeHost().cold_start(["e"])
    host.arrive()
    host.advance(3_000)
    assert host.answers["r1"].payload == _body("Sandbox.Timedout", "Task timed out after 3.00 seconds")
    done = host.record("platform.runtimeDone")
    assert (done["status"], done.get("errorType"), done["spans"]) == ("timeout", None, [])
    assert host.record("sim.shutdown") == {"reason": "timeout", "budgetMs": 2_000}
    assert host.completed == []
    event = host.next("e").event
    assert isinstance(event, ShutdownEvent)
    assert (event.reason, event.deadline_ms) == (ShutdownReason.TIMEOUT, (host.now_ns + 2_000 * MS) // MS)
    host.exit("e", 0)
    assert (host.completed, host.phase) == (["r1"], Phase.NEW)


def test_the_report_of_a_timeout_shows_the_configured_limit() -> None:
    host = FakeHost().cold_start().serve("r1")
    host.arrive("r2")
    host.advance(3_010)
    report = host.record("platform.report")
    assert (report["status"], report.get("errorType"), report["spans"]) == ("timeout", None, [])
    assert report["metrics"] == {
        "durationMs": 3_000.0, "billedDurationMs": 3_000, "memorySizeMB": 128, "maxMemoryUsedMB": 41,
    }


def test_the_timeout_covers_the_extensions_too() -> None:
    host = FakeHost().cold_start(["e"])
    host.arrive()
    host.respond()
    host.next(RUNTIME_PARTY)
    host.advance(3_000)
    assert host.answers["r1"].payload == b'"ok"'
    assert [record["status"] for record in host.all_records("platform.runtimeDone")] == ["success"]
    host.exit("e")
    assert host.record("platform.report")["status"] == "timeout"


def test_an_answer_after_the_timeout_is_taken_and_discarded() -> None:
    host = FakeHost(ignores_sigterm={RUNTIME_PARTY}).cold_start(["e"])
    host.arrive()
    host.advance(3_000)
    host.respond()
    assert host.answers["r1"].error_type == "Sandbox.Timedout"
    assert len(host.all_records("platform.runtimeDone")) == 1


def test_a_runtime_that_asks_again_after_the_timeout_gets_no_event() -> None:
    host = FakeHost(ignores_sigterm={RUNTIME_PARTY}).cold_start(["e"])
    host.arrive()
    host.advance(3_000)
    assert host.next(RUNTIME_PARTY).event is None


def test_a_timer_that_was_on_its_way_when_it_was_disarmed_means_nothing() -> None:
    host = FakeHost().cold_start().serve("r1")
    assert host.feed(inputs.TimerFired(timer="invoke")) == []


def test_a_timer_that_comes_early_is_armed_again() -> None:
    host = FakeHost().cold_start()
    host.arrive()
    due_ns = host.timers["invoke"]
    host.advance(2_999)
    assert host.feed(inputs.TimerFired(timer="invoke")) == [actions.Arm(timer="invoke", at_ns=due_ns)]
    assert host.phase is Phase.INVOKE_RUNTIME


# --- exits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "text"), [
    (1, "Runtime exited with error: exit status 1"),
    (0, "Runtime exited without providing a reason"),
    (-9, "Runtime exited with error: signal: killed"),
    (-11, "Runtime exited with error: signal: segmentation fault"),
])
def test_a_runtime_that_exits_fails_the_invocation(code: int, text: str) -> None:
    host = FakeHost().cold_start(["e"])
    host.arrive()
    host.advance(15)
    host.exit(RUNTIME_PARTY, code)
    assert host.answers["r1"].payload == _body("Runtime.ExitError", text)
    done = host.record("platform.runtimeDone")
    assert (done["status"], done["errorType"]) == ("error", "Runtime.ExitError")
    assert host.record("sim.shutdown")["reason"] == "failure"
    host.exit("e", 0)
    report = host.record("platform.report")
    assert (report["status"], report["errorType"]) == ("error", "Runtime.ExitError")
    assert report["metrics"]["durationMs"] == 15.0


@pytest.mark.parametrize(("code", "text"), [(0, "exit code 0"), (2, "exit status 2"), (-9, "signal: killed")])
def test_an_extension_that_exits_has_crashed_whatever_its_code(code: int, text: str) -> None:
    host = FakeHost().cold_start(["e"])
    host.arrive()
    host.exit("e", code)
    assert host.answers["r1"].payload == _body("Extension.Crash", text)
    assert (host.completed, host.phase) == (["r1"], Phase.NEW)


def test_an_extension_that_did_not_subscribe_crashes_the_invocation_all_the_same() -> None:
    host = FakeHost().cold_start(["e"], events=[])
    host.arrive()
    host.exit("e")
    assert host.answers["r1"].error_type == "Extension.Crash"


def test_an_exit_error_counts_when_the_process_exits() -> None:
    host = FakeHost().cold_start(["e"])
    host.arrive()
    host.feed(inputs.ExtensionExitError(identifier=host.identifiers["e"], error_type="Extension.Reason"))
    assert host.answers == {}
    host.exit("e", 1)
    assert host.answers["r1"].payload == _body("Extension.ExitError", "exit status 1")


def test_a_crash_after_the_answer_does_not_change_the_answer() -> None:
    host = FakeHost().cold_start(["e"])
    host.arrive()
    host.respond()
    host.exit("e")
    assert host.answers["r1"].payload == b'"ok"'
    assert host.record("platform.runtimeDone")["errorType"] == "Extension.Crash"
    assert host.record("platform.report")["status"] == "error"


def test_a_crash_in_the_tail_leaves_runtime_done_a_success() -> None:
    host = FakeHost().cold_start(["e"])
    host.arrive()
    host.respond()
    host.next(RUNTIME_PARTY)
    host.exit("e")
    assert [record["status"] for record in host.all_records("platform.runtimeDone")] == ["success"]
    assert host.record("platform.report")["errorType"] == "Extension.Crash"


def test_a_crash_while_idle_is_told_to_the_next_invocation() -> None:
    host = FakeHost().cold_start(["e"]).serve("r1", ["e"])
    host.exit("e")
    assert (host.phase, host.environment.accepts_invocations) == (Phase.IDLE, True)
    host.clear().arrive("r2")
    host.run()
    assert host.answers["r2"].payload == _body("Extension.Crash", "exit status 1", "r2")
    assert [type for type in host.types("platform.")] == ["platform.start", "platform.runtimeDone", "platform.report"]
    assert not any(isinstance(action, actions.Deliver) for action in host.performed)
    assert (host.phase, host.completed) == (Phase.NEW, ["r1", "r2"])


def test_of_two_crashes_while_idle_the_first_is_told() -> None:
    host = FakeHost().cold_start(["a", "b"])
    host.exit("a", 3)
    host.exit("b", 4)
    host.arrive()
    assert host.answers["r1"].payload == _body("Extension.Crash", "exit status 3")


def test_of_two_reported_errors_the_first_names_the_failure() -> None:
    host = FakeHost().start(["a", "b"]).register("a").register("b")
    host.feed(inputs.ExtensionExitError(identifier=host.identifiers["a"], error_type="Extension.A"))
    host.feed(inputs.ExtensionInitError(identifier=host.identifiers["b"], error_type="Extension.B"))
    host.exit("b")
    assert host.record("platform.initReport")["errorType"] == "Extension.ExitError"


def test_an_event_that_was_still_owed_is_not_delivered_after_the_invocation_has_failed() -> None:
    host = FakeHost(ignores_sigterm={RUNTIME_PARTY}).cold_start(["e"])
    host.drop("e")
    host.arrive()
    host.advance(3_000)
    assert host.phase is Phase.RESET_RUNTIME
    call = host.next("e")
    assert call.event is None
    host.advance(600)
    assert isinstance(call.event, ShutdownEvent)


def test_an_extension_that_gave_up_gets_no_further_event() -> None:
    host = FakeHost().cold_start(["e"])
    host.feed(inputs.ExtensionExitError(identifier=host.identifiers["e"], error_type="Extension.Reason"))
    host.arrive()
    host.respond()
    host.next(RUNTIME_PARTY)
    assert (host.calls["e"].event, host.environment.holders) == (None, ("e",))
    host.advance(3_000)
    assert host.record("platform.runtimeDone")["status"] == "success"
    assert host.record("sim.shutdown")["reason"] == "timeout"


# --- after the reset -----------------------------------------------------------------------------


def test_after_a_reset_identifiers_and_registrations_are_void() -> None:
    host = FakeHost().cold_start(["e"])
    host.arrive()
    host.exit(RUNTIME_PARTY)
    host.exit("e", 0)
    assert host.environment.parties == ()
    with pytest.raises(UnknownExtension):
        host.next("e")
    with pytest.raises(NotReady):
        host.next(RUNTIME_PARTY)


def test_the_next_invocation_gets_fresh_processes_and_the_environment_is_warm_again() -> None:
    host = FakeHost().cold_start(["e"])
    host.arrive("r1")
    host.exit(RUNTIME_PARTY)
    host.exit("e", 0)
    host.clear().arrive("r2")
    host.run().initialise(["e"])
    host.respond("r2")
    host.next(RUNTIME_PARTY)
    host.next("e")
    host.run().serve("r3", ["e"])
    assert host.completed == ["r1", "r2", "r3"]
    assert [action.party for action in host.performed if isinstance(action, actions.Spawn)] == ["e", RUNTIME_PARTY]


def test_a_reset_sweeps_what_the_parties_left_behind_before_it_measures() -> None:
    host = FakeHost().cold_start(["e"])
    host.arrive()
    host.exit(RUNTIME_PARTY)
    host.clear().exit("e", 0)
    order = [type(action) for action in host.performed if not isinstance(action, actions.Record)]
    assert order.index(actions.KillAll) < order.index(actions.Measure) < order.index(actions.Complete)


def test_a_reset_keeps_the_environment() -> None:
    host = FakeHost().cold_start()
    host.arrive()
    host.exit(RUNTIME_PARTY)
    assert (host.phase, host.disposed, host.types("sim.end")) == (Phase.NEW, False, [])
