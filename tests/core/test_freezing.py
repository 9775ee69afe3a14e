"""Freeze and thaw: when, what is recorded, and the freeze that is abandoned."""

import pytest

from lambdasim.core import actions, inputs
from lambdasim.core.errors import IllegalTransition
from lambdasim.core.phases import Phase
from lambdasim.core.values import Measurement
from tests.core.fake_host import Call, FakeHost
from tests.core.snapshot import snapshot


def test_it_freezes_when_it_is_idle_and_nothing_waits() -> None:
    host = FakeHost().cold_start()
    assert host.environment.frozen
    assert host.record("sim.freeze") == {"tookMs": 0.5, "processes": 1}


def test_an_invocation_thaws_it_before_anything_is_delivered() -> None:
    host = FakeHost().cold_start().clear()
    host.advance(250)
    host.arrive()
    types = [type(action) for action in host.performed if not isinstance(action, actions.Record)]
    assert types == [actions.Thaw, actions.Arm, actions.Deliver]
    assert host.record("sim.thaw") == {"tookMs": 0.15, "frozenMs": 250.0}
    assert not host.environment.frozen


def test_a_freeze_that_was_abandoned_leaves_no_record() -> None:
    host = FakeHost().cold_start(["e"])
    host.serve("r1", ["e"]).clear()
    host.arrive("r2")
    host.respond("r2")
    host.next("runtime")
    host.next("e")
    assert host.freezing
    host.clear().arrive("r3")
    host.run()
    assert host.types("sim.freeze") + host.types("sim.thaw") == []
    assert host.phase is Phase.INVOKE_RUNTIME


def test_frozen_and_thaw_may_cross() -> None:
    host = FakeHost().start()
    core, now_ns = host.environment, host.now_ns
    core.receive(inputs.RuntimeNext(call=Call("runtime")), now_ns)
    core.receive(inputs.Measured(measurement=Measurement(max_memory_mb=1, high_water_mb=1, method="rss")), now_ns)
    returned = core.receive(inputs.InvocationArrived(invocation=host.invocation()), now_ns)
    assert returned == [actions.Thaw()]
    assert _types(core.receive(inputs.Frozen(took_ms=1.0, processes=1), now_ns)) == ["sim.freeze"]
    assert _types(core.receive(inputs.Thawed(was_frozen=True, took_ms=0.1), now_ns))[0] == "sim.thaw"


def _types(returned: list[actions.Action]) -> list[str]:
    return [action.type for action in returned if isinstance(action, actions.Record)]


@pytest.mark.parametrize("input", [
    inputs.Frozen(took_ms=1.0, processes=1), inputs.Thawed(was_frozen=True, took_ms=1.0),
])
def test_a_freeze_or_thaw_that_nobody_asked_for_is_refused(input: inputs.Frozen | inputs.Thawed) -> None:
    host = FakeHost().start()
    before = snapshot(host.environment)
    with pytest.raises(IllegalTransition, match="failed for freezer"):
        host.feed(input)
    assert snapshot(host.environment) == before


def test_it_stays_frozen_when_a_process_dies_meanwhile() -> None:
    host = FakeHost().cold_start(["e"])
    host.exit("e")
    assert (host.environment.frozen, host.phase) == (True, Phase.IDLE)
