"""Every move in every state, generated from the tables: legal ones move, others are refused and change nothing."""

from collections.abc import Callable, Mapping
from itertools import product

import pytest

from lambdasim.core import inputs
from lambdasim.core.errors import IllegalTransition, InvalidRequestId, NotReady
from lambdasim.core.inputs import Input
from lambdasim.core.parties import EXTERNAL_EXTENSION, INTERNAL_EXTENSION, RUNTIME, TABLES, WANTED, Move, State, Table
from lambdasim.core.values import RUNTIME_PARTY, ExitStatus, Role
from tests.core.fake_host import Call, FakeHost
from tests.core.snapshot import snapshot

REQUEST = "r1"


def _began(*, is_error: bool) -> Input:
    return inputs.RuntimeResponseBegan(request_id=REQUEST, is_error=is_error)


def _running() -> FakeHost:
    host = FakeHost().cold_start()
    host.arrive(REQUEST)
    return host


def _responding(*, is_error: bool) -> FakeHost:
    host = _running()
    host.feed(_began(is_error=is_error))
    return host


def _responded() -> FakeHost:
    host = _running()
    host.respond(REQUEST)
    return host


def _ready_again() -> FakeHost:
    """Ready, while the invocation is still open for its extension."""
    host = FakeHost().cold_start(["e"])
    host.arrive(REQUEST)
    host.respond(REQUEST)
    host.next(RUNTIME_PARTY)
    return host


def _init_error() -> FakeHost:
    host = FakeHost().start()
    host.feed(inputs.RuntimeInitError(payload=b"{}", content_type="application/json", error_type="Runtime.Unknown"))
    return host


def _exited() -> FakeHost:
    host = FakeHost(ignores_sigterm={RUNTIME_PARTY}).cold_start(["e"])
    host.arrive(REQUEST)
    return host.exit(RUNTIME_PARTY)


def _not_launched() -> FakeHost:
    host = FakeHost(cannot_start={RUNTIME_PARTY: ("Runtime.InvalidEntrypoint", "no bootstrap")})
    host.start(["e"])
    return host.register("e")


RUNTIME_IN: Mapping[State, Callable[[], FakeHost]] = {
    State.STARTED: lambda: FakeHost().start(),
    State.READY: _ready_again,
    State.RUNNING: _running,
    State.RESPONDING: lambda: _responding(is_error=False),
    State.RESPONDING_ERROR: lambda: _responding(is_error=True),
    State.RESPONDED: _responded,
    State.INIT_ERROR: _init_error,
    State.LAUNCH_ERROR: _not_launched,
    State.EXITED: _exited,
}

RUNTIME_MOVES: Mapping[Move, Callable[[], Input]] = {
    Move.NEXT: lambda: inputs.RuntimeNext(call=Call(RUNTIME_PARTY)),
    Move.RESPONSE: lambda: _began(is_error=False),
    Move.ERROR: lambda: _began(is_error=True),
    Move.BODY_ENDED: lambda: inputs.RuntimeResponseEnded(
        request_id=REQUEST, payload=b"1", content_type="application/json", is_error=False
    ),
    Move.BODY_REFUSED: lambda: inputs.RuntimeResponseFailed(
        request_id=REQUEST, error_type="Runtime.TruncatedResponse", produced_bytes=1
    ),
    Move.MODE_REFUSED: lambda: inputs.RuntimeResponseFailed(
        request_id=REQUEST, error_type="Runtime.InvalidResponseModeHeader", produced_bytes=0
    ),
    Move.INIT_ERROR: lambda: inputs.RuntimeInitError(
        payload=b"{}", content_type="application/json", error_type="Runtime.Unknown"
    ),
}
IN_AN_INVOCATION = {Move.RESPONSE, Move.ERROR, Move.BODY_ENDED, Move.BODY_REFUSED, Move.MODE_REFUSED}


@pytest.mark.parametrize(("state", "move"), list(product(RUNTIME, RUNTIME_MOVES)))
def test_the_runtime_moves_as_its_table_says(state: State, move: Move) -> None:
    host = RUNTIME_IN[state]()
    assert host.state(RUNTIME_PARTY) == state
    before = snapshot(host.environment)
    target = RUNTIME[state].get(move)
    if move in IN_AN_INVOCATION and host.environment.current is None:
        with pytest.raises(InvalidRequestId):
            host.feed(RUNTIME_MOVES[move]())
        assert snapshot(host.environment) == before
    elif target is None:
        with pytest.raises(IllegalTransition) as refused:
            host.feed(RUNTIME_MOVES[move]())
        assert str(refused.value) == f"State transition from {state} to {WANTED[move]} failed for runtime"
        assert snapshot(host.environment) == before
    else:
        host.feed(RUNTIME_MOVES[move]())
        assert host.state(RUNTIME_PARTY) == target


# --- extensions ----------------------------------------------------------------------------------


def _extension(role: Role, name: str = "e") -> FakeHost:
    """An environment in which the extension is about to register."""
    host = FakeHost(ignores_sigterm={RUNTIME_PARTY})
    return host.start([name] if role is Role.EXTERNAL else [])


def _registered(role: Role) -> FakeHost:
    return _extension(role).register("e", ["INVOKE"])


def _ready(role: Role) -> FakeHost:
    host = _registered(role)
    host.next("e")
    return host


def _extension_running(role: Role) -> FakeHost:
    host = _ready(role)
    host.next(RUNTIME_PARTY)
    host.run().arrive(REQUEST)
    return host


def _gave_up(role: Role, report: Callable[..., Input]) -> FakeHost:
    host = _registered(role)
    host.feed(report(identifier=host.identifiers["e"], error_type="Extension.Reason"))
    return host


def _extension_exited(role: Role) -> FakeHost:
    host = _registered(role)
    host.register("other", ["INVOKE"])
    host.exit("e" if role is Role.EXTERNAL else RUNTIME_PARTY)
    return host


EXTENSION_IN: Mapping[State, Callable[[Role], FakeHost]] = {
    State.REGISTERED: _registered,
    State.READY: _ready,
    State.RUNNING: _extension_running,
    State.INIT_ERROR: lambda role: _gave_up(role, inputs.ExtensionInitError),
    State.EXIT_ERROR: lambda role: _gave_up(role, inputs.ExtensionExitError),
}

EXTENSION_MOVES: Mapping[Move, Callable[[str], Input]] = {
    Move.NEXT: lambda identifier: inputs.ExtensionNext(identifier=identifier, call=Call("e")),
    Move.INIT_ERROR: lambda identifier: inputs.ExtensionInitError(identifier=identifier, error_type="Extension.X"),
    Move.EXIT_ERROR: lambda identifier: inputs.ExtensionExitError(identifier=identifier, error_type="Extension.X"),
}

CASES = list(product((Role.EXTERNAL, Role.INTERNAL), EXTENSION_IN, EXTENSION_MOVES))


@pytest.mark.parametrize(("role", "state", "move"), CASES)
def test_an_extension_moves_as_its_table_says(role: Role, state: State, move: Move) -> None:
    host = EXTENSION_IN[state](role)
    assert (host.role("e"), host.state("e")) == (role, state)
    identifier = host.identifiers["e"]
    before = snapshot(host.environment)
    target = TABLES[role][state].get(move)
    waits_already = state is State.READY and move is Move.NEXT
    if target is None or waits_already:
        with pytest.raises(IllegalTransition) as refused:
            host.feed(EXTENSION_MOVES[move](identifier))
        expected = f"State transition from {state} to {WANTED[move]} failed for extension {identifier}"
        assert str(refused.value) == expected
        assert snapshot(host.environment) == before
    else:
        host.feed(EXTENSION_MOVES[move](identifier))
        assert host.state("e") == target


@pytest.mark.parametrize("move", EXTENSION_MOVES)
def test_an_extension_whose_process_is_gone_is_refused_every_move(move: Move) -> None:
    host = FakeHost().cold_start(["e", "stays"])
    host.exit("e")
    before = snapshot(host.environment)
    with pytest.raises(IllegalTransition, match="from Exited"):
        host.feed(EXTENSION_MOVES[move](host.identifiers["e"]))
    assert snapshot(host.environment) == before


@pytest.mark.parametrize("state", EXTENSION_IN)
def test_an_external_extension_registers_once(state: State) -> None:
    host = EXTENSION_IN[state](Role.EXTERNAL)
    before = snapshot(host.environment)
    with pytest.raises(IllegalTransition) as refused:
        host.register("e")
    assert str(refused.value) == f"State transition from {state} to Registered failed for extension e"
    assert snapshot(host.environment) == before


@pytest.mark.parametrize("state", [state for state in RUNTIME if Move.EXIT in RUNTIME[state]])
def test_a_runtime_process_may_end_in_every_state_in_which_it_has_one(state: State) -> None:
    host = RUNTIME_IN[state]().run().clear()
    host.exit(RUNTIME_PARTY)
    record = next(record for record in host.all_records("sim.party") if record["role"] == Role.RUNTIME)
    assert (record["previous"], record["state"]) == (state, State.EXITED)


@pytest.mark.parametrize("state", [state for state in RUNTIME if not RUNTIME[state]])
def test_a_process_that_is_not_there_cannot_end(state: State) -> None:
    host = RUNTIME_IN[state]()
    before = snapshot(host.environment)
    with pytest.raises(NotReady):
        host.feed(inputs.ProcessExited(party=RUNTIME_PARTY, status=ExitStatus(code=1)))
    assert snapshot(host.environment) == before


# --- the tables themselves -----------------------------------------------------------------------


@pytest.mark.parametrize("table", [RUNTIME, EXTERNAL_EXTENSION, INTERNAL_EXTENSION])
def test_every_state_that_can_be_reached_has_a_row(table: Table) -> None:
    assert {target for row in table.values() for target in row.values()} <= set(table)


@pytest.mark.parametrize("table", [RUNTIME, EXTERNAL_EXTENSION, INTERNAL_EXTENSION])
def test_every_state_can_be_reached_and_leads_to_an_end(table: Table) -> None:
    reached = {State.STARTED}
    while new := {target for state in reached for target in table[state].values()} - reached:
        reached |= new
    assert reached == set(table)
    assert all(Move.EXIT in row for row in table.values() if row)


def test_every_move_of_a_table_names_the_state_that_a_refusal_shows() -> None:
    assert {move for table in TABLES.values() for row in table.values() for move in row} <= set(WANTED)


def test_only_what_the_platform_starts_can_fail_to_launch() -> None:
    assert Move.LAUNCH_ERROR in RUNTIME[State.STARTED]
    assert Move.LAUNCH_ERROR in EXTERNAL_EXTENSION[State.STARTED]
    assert all(Move.LAUNCH_ERROR not in row for row in INTERNAL_EXTENSION.values())
