"""Shutdown: budgets by kind of extension, who gets which signal, and what happens to those who wait."""

import pytest

from lambdasim.core import actions, inputs
from lambdasim.core.actions import ShutdownEvent
from lambdasim.core.errors import NotReady
from lambdasim.core.phases import Phase
from lambdasim.core.values import RUNTIME_PARTY, ShutdownReason
from tests.core.fake_host import MS, FakeHost


def _signals(host: FakeHost) -> list[tuple[str | None, str]]:
    return [(event.party, event.record["signal"]) for _, event in host.events  # type: ignore[index]
            if event.type == "sim.signal"]


def test_without_extensions_everything_is_killed_at_once() -> None:
    host = FakeHost().cold_start().serve("r1").shut_down()
    assert host.record("sim.shutdown") == {"reason": "spindown", "budgetMs": 0}
    assert _signals(host) == [(RUNTIME_PARTY, "SIGKILL")]
    assert (host.phase, host.disposed, host.timers) == (Phase.DEAD, True, {})


def test_with_internal_extensions_alone_the_runtime_has_500_ms_after_sigterm() -> None:
    host = FakeHost(ignores_sigterm={RUNTIME_PARTY}).start().register("internal", ["INVOKE"])
    host.next("internal")
    host.next(RUNTIME_PARTY)
    host.run().shut_down()
    assert host.record("sim.shutdown")["budgetMs"] == 500
    assert _signals(host) == [(RUNTIME_PARTY, "SIGTERM")]
    host.advance(499)
    assert _signals(host) == [(RUNTIME_PARTY, "SIGTERM")]
    host.advance(1)
    assert _signals(host) == [(RUNTIME_PARTY, "SIGTERM"), (RUNTIME_PARTY, "SIGKILL")]
    assert host.disposed


def test_shutdown_reaches_the_extensions_after_the_runtime_is_gone() -> None:
    host = FakeHost(ignores_sigterm={RUNTIME_PARTY}).cold_start(["e"]).shut_down()
    began_ns = host.now_ns
    assert host.calls["e"].event is None
    host.advance(600)
    event = host.calls["e"].event
    assert isinstance(event, ShutdownEvent)
    assert (event.reason, event.deadline_ms) == (ShutdownReason.SPINDOWN, (began_ns + 2_000 * MS) // MS)
    assert _signals(host) == [(RUNTIME_PARTY, "SIGTERM"), (RUNTIME_PARTY, "SIGKILL")]


def test_an_extension_that_did_not_subscribe_to_shutdown_is_killed_at_once() -> None:
    host = FakeHost().start(["subscribed", "other"])
    host.register("subscribed").register("other", ["INVOKE"])
    for party in (RUNTIME_PARTY, "subscribed", "other"):
        host.next(party)
    host.run().shut_down()
    assert _signals(host) == [(RUNTIME_PARTY, "SIGTERM"), ("other", "SIGKILL")]
    assert host.calls["other"].event is None
    assert not host.disposed
    host.exit("subscribed", 0)
    assert host.disposed


def test_an_extension_that_stays_is_killed_at_the_end_of_the_budget() -> None:
    host = FakeHost().cold_start(["a", "b"]).shut_down()
    host.exit("a", 0)
    host.advance(1_999)
    assert not host.disposed
    host.advance(1)
    assert _signals(host)[1:] == [("b", "SIGKILL")]
    assert (host.disposed, host.record("sim.end")) == (True, {"reason": "spindown"})


def test_an_extension_that_calls_next_after_shutdown_is_kept_waiting() -> None:
    host = FakeHost().cold_start(["e"]).shut_down()
    call = host.next("e")
    assert call.event is None
    host.advance(2_000)
    assert call.event is None
    assert host.disposed


def test_a_shutdown_event_for_an_extension_without_a_call_waits_for_its_next() -> None:
    host = FakeHost().cold_start(["e"])
    host.drop("e")
    host.shut_down()
    assert isinstance(host.next("e").event, ShutdownEvent)


def test_the_last_record_of_a_life_is_its_end_and_the_last_action_gives_the_sandbox_back() -> None:
    host = FakeHost().cold_start(["e"]).serve("r1", ["e"]).shut_down(ShutdownReason.FAILURE).exit("e", 0)
    assert host.types()[-1] == "sim.end"
    assert host.record("sim.end") == {"reason": "failure"}
    assert isinstance(host.performed[-1], actions.Dispose)
    assert host.record("sim.measurement")["phase"] == "shutdown"


def test_the_dead_say_nothing() -> None:
    host = FakeHost().cold_start().shut_down()
    assert host.feed(inputs.ShutdownRequested(reason=ShutdownReason.SPINDOWN)) == []
    assert host.feed(inputs.TimerFired(timer="shutdown")) == []
    assert host.feed(inputs.Marked(name="runtimeLoaded", marked_at_ns=host.now_ns)) == []
    with pytest.raises(NotReady):
        host.arrive()
    with pytest.raises(NotReady):
        host.next(RUNTIME_PARTY)


# --- when it is asked for ------------------------------------------------------------------------


def test_a_running_invocation_finishes_first_and_those_who_wait_are_turned_away() -> None:
    host = FakeHost().cold_start(["e"])
    host.clear()
    host.arrive("r1")
    host.arrive("r2")
    host.shut_down()
    assert host.answers["r2"].error_type == "Sandbox.Failure"
    assert host.completed == ["r2"]
    assert host.record("sim.answered")["status"] == "failure"
    assert (host.phase, host.environment.accepts_invocations) == (Phase.INVOKE_RUNTIME, False)
    with pytest.raises(NotReady):
        host.arrive("r3")
    host.respond("r1")
    host.next(RUNTIME_PARTY)
    host.next("e")
    assert (host.answers["r1"].error_type, host.completed) == (None, ["r2", "r1"])
    assert host.phase is Phase.SHUTDOWN_RUNTIME
    assert host.types("sim.freeze") == []


def test_a_shutdown_during_init_does_not_wait_and_closes_its_records() -> None:
    host = FakeHost().start(["e"]).register("e")
    host.arrive("r1")
    host.shut_down()
    assert host.answers["r1"].error_type == "Sandbox.Failure"
    assert host.types("platform.") == [
        "platform.initStart", "platform.initRuntimeDone", "platform.extension", "platform.initReport",
    ]
    assert host.record("platform.initReport")["status"] == "failure"
    host.exit("e", 0)
    assert (host.disposed, host.timers) == (True, {})


def test_a_shutdown_of_a_frozen_environment_thaws_it_first() -> None:
    host = FakeHost().cold_start(["e"])
    assert host.environment.frozen
    host.shut_down()
    assert host.types().index("sim.thaw") < host.types().index("sim.shutdown")


def test_a_shutdown_during_a_reset_follows_the_reset() -> None:
    host = FakeHost().cold_start(["e"])
    host.arrive("r1")
    host.exit(RUNTIME_PARTY)
    host.shut_down()
    assert host.phase is Phase.RESET_EXTENSIONS
    host.exit("e", 0)
    assert [record["reason"] for record in host.all_records("sim.shutdown")] == ["failure", "spindown"]
    assert (host.completed, host.disposed) == (["r1"], True)


def test_a_second_request_changes_nothing() -> None:
    host = FakeHost().cold_start(["e"]).shut_down()
    assert host.feed(inputs.ShutdownRequested(reason=ShutdownReason.FAILURE)) == []
    assert host.exit("e", 0).record("sim.end") == {"reason": "spindown"}


def test_a_process_that_starts_after_the_end_has_begun_is_killed() -> None:
    host = FakeHost(holds_starts=True).start(["e"])
    host.feed(inputs.ShutdownRequested(reason=ShutdownReason.SPINDOWN))
    assert _signals(host) == []
    host.run()
    assert (_signals(host), host.disposed) == ([("e", "SIGKILL")], True)


def test_a_prepared_environment_ends_without_ever_having_begun() -> None:
    host = FakeHost().shut_down()
    assert (host.disposed, host.types("platform.")) == (True, [])
    assert not any(isinstance(action, actions.KillAll) for action in host.performed)
    assert host.types()[-1] == "sim.end"
