"""The edge table: complete, resolved, ordered, and every edge of it is taken by some life."""

from collections.abc import Callable

import pytest

from lambdasim.core import inputs
from lambdasim.core.environment import EDGES, EFFECTS, HANDLERS
from lambdasim.core.gates import GATES
from lambdasim.core.phases import (
    ENDING_PHASES,
    INIT_PHASES,
    INVOKE_PHASES,
    LIVE_PHASES,
    MEASURE_PHASES,
    PHASE_EDGES,
    Effect,
    Gate,
    Phase,
)
from lambdasim.core.values import RUNTIME_PARTY
from tests.core.fake_host import FakeHost


def test_every_gate_has_a_condition_and_is_used() -> None:
    assert set(GATES) == set(Gate) == {edge.gate for edge in PHASE_EDGES}


def test_every_effect_has_a_function_and_is_used() -> None:
    assert set(EFFECTS) == set(Effect) == {edge.effect for edge in PHASE_EDGES}


def test_every_input_has_a_handler() -> None:
    assert set(HANDLERS) == set(inputs.Input.__args__)


@pytest.mark.parametrize("phase", sorted(LIVE_PHASES))
def test_the_fault_edge_is_first_in_every_live_phase(phase: Phase) -> None:
    first = next(edge for edge in PHASE_EDGES if edge.source is phase)
    assert (first.gate, first.target) == (Gate.FAULTED, Phase.RESET_RUNTIME)


def test_no_phase_but_the_live_ones_acts_upon_a_fault() -> None:
    assert {edge.source for edge in PHASE_EDGES if edge.gate is Gate.FAULTED} == LIVE_PHASES


def test_only_the_dead_phase_is_terminal() -> None:
    assert [phase for phase in Phase if not EDGES[phase]] == [Phase.DEAD]


def test_every_phase_can_be_reached_from_the_first() -> None:
    reached = {Phase.PREPARED}
    while new := {edge.target for edge in PHASE_EDGES if edge.source in reached} - reached:
        reached |= new
    assert reached == set(Phase)


@pytest.mark.parametrize("phase", sorted(MEASURE_PHASES))
def test_a_measuring_phase_waits_for_nothing_else(phase: Phase) -> None:
    assert [edge.gate for edge in PHASE_EDGES if edge.source is phase] == [Gate.MEASURED]


def test_the_groups_of_phases_follow_the_names() -> None:
    assert {phase for phase in Phase if phase.startswith("INIT_")} == INIT_PHASES | {Phase.INIT_MEASURE}
    assert {phase for phase in Phase if phase.startswith("INVOKE_")} == INVOKE_PHASES | {Phase.INVOKE_MEASURE}
    assert {phase for phase in Phase if phase.startswith(("RESET_", "SHUTDOWN_"))} == ENDING_PHASES


# --- lives that take every edge ------------------------------------------------------------------


def _served_and_shut_down() -> FakeHost:
    host = FakeHost().cold_start(["e"]).serve("r1", ["e"]).shut_down()
    return host.exit("e", 0)


def _shut_down_before_init() -> FakeHost:
    return FakeHost().shut_down()


def _failed_in_init(stop: int) -> FakeHost:
    host = FakeHost().start(["e"])
    if stop > 0:
        host.register("e")
    if stop > 1:
        host.next(RUNTIME_PARTY)
    return host.exit("e").run()


def _shut_down_in_init(stop: int) -> FakeHost:
    host = FakeHost().start(["e"])
    if stop > 0:
        host.register("e")
    if stop > 1:
        host.next(RUNTIME_PARTY)
    return host.shut_down().exit("e", 0)


def _initialised_again() -> FakeHost:
    host = FakeHost().cold_start()
    host.arrive("r1")
    host.exit(RUNTIME_PARTY)
    host.arrive("r2")
    host.run().next(RUNTIME_PARTY)
    host.respond("r2")
    host.next(RUNTIME_PARTY)
    return host.run()


def _failed_in_the_tail() -> FakeHost:
    host = FakeHost().cold_start(["e"])
    host.arrive("r1")
    host.respond("r1")
    host.next(RUNTIME_PARTY)
    return host.exit("e").shut_down()


LIVES: list[Callable[[], FakeHost]] = [
    _served_and_shut_down, _shut_down_before_init, _initialised_again, _failed_in_the_tail,
    *(lambda stop=stop: _failed_in_init(stop) for stop in range(3)),
    *(lambda stop=stop: _shut_down_in_init(stop) for stop in range(3)),
]


def test_every_edge_between_two_phases_is_taken_by_a_life() -> None:
    taken = {
        (record["from"], record["to"]) for life in LIVES for record in life().all_records("sim.phase")
    }
    assert taken == {(edge.source, edge.target) for edge in PHASE_EDGES if edge.source is not edge.target}
