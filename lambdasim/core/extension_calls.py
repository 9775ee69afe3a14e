"""Inputs of the Extensions API: validated in RIE's order first, so that a refused one changes nothing.

A name that is no file in /opt/extensions makes an internal extension, whoever sends it. AWS: runtimes-extensions-api;
RIE: internal/lambda/rapi/handler/agentregister.go, agentnext.go, internal/lambda/core/registrations.go.
"""

from lambdasim.core.delivery import park
from lambdasim.core.errors import (
    ExtensionAlreadyRegistered,
    IllegalTransition,
    InvalidEventType,
    NotReady,
    RegistrationClosed,
    TooManyExtensions,
    UnknownExtension,
)
from lambdasim.core.faults import EXTENSION_EXIT_ERROR, EXTENSION_INIT_ERROR
from lambdasim.core.inputs import (
    CallDropped,
    ExtensionExitError,
    ExtensionInitError,
    ExtensionNext,
    ExtensionRegister,
)
from lambdasim.core.invoking import called_next
from lambdasim.core.life import Life
from lambdasim.core.limits import MAX_EXTENSIONS
from lambdasim.core.parties import TABLES, WANTED, Move, State
from lambdasim.core.phases import NO_RUNTIME_PHASES
from lambdasim.core.roster import Party
from lambdasim.core.values import RUNTIME_PARTY, ExtensionEventType, Role

EVENTS = frozenset(ExtensionEventType)


def register(life: Life, input: ExtensionRegister) -> None:
    if life.phase in NO_RUNTIME_PHASES:
        raise NotReady(f"no registration is possible in phase {life.phase}")
    party = life.roster.extensions.get(input.name)
    if party is not None and party.role is Role.EXTERNAL:
        _check_events(input.events, internal=False)
        target = _target(party, Move.REGISTER, label=f"extension {input.name}")
    else:
        _check_events(input.events, internal=True)
        _check_internal(life, input.name)
        party, target = life.roster.add_internal(input.name), State.REGISTERED
    life.roster.register(party, input.identifier, input.events)
    life.set_state(party, target)


def _check_events(events: tuple[str, ...], *, internal: bool) -> None:
    for event in events:
        if event not in EVENTS:
            raise InvalidEventType(event, "ErrorInvalidEventType")
        if internal and event == ExtensionEventType.SHUTDOWN:
            raise InvalidEventType(event, "ShutdownEventNotSupportedForInternalExtension")


def _check_internal(life: Life, name: str) -> None:
    roster = life.roster
    if not life.registration_open:
        raise RegistrationClosed("Extension registration closed already")
    if len(roster.extensions) >= MAX_EXTENSIONS:
        raise TooManyExtensions(MAX_EXTENSIONS)
    # `runtime` is the name of a lane already: two parties of one name could not be told apart.
    if name in roster.extensions or name == RUNTIME_PARTY:
        raise ExtensionAlreadyRegistered("Extension with this name already registered")


def extension_next(life: Life, input: ExtensionNext) -> None:
    """The first is "initialised", every later one "done with this event"; it waits for the next one."""
    party = _identified(life, input.identifier)
    label = f"extension {input.identifier}"
    if party.calls:
        raise IllegalTransition(label, party.state, State.READY)
    target = _target(party, Move.NEXT, label=label)
    worked = party.state is State.RUNNING
    life.set_state(party, target)
    party.initialised = True
    if worked:
        called_next(life, party.name)
    park(life, party, input.call)


def init_error(life: Life, input: ExtensionInitError) -> None:
    _give_up(life, input, Move.INIT_ERROR, fatal_type=EXTENSION_INIT_ERROR)


def exit_error(life: Life, input: ExtensionExitError) -> None:
    _give_up(life, input, Move.EXIT_ERROR, fatal_type=EXTENSION_EXIT_ERROR)


def _give_up(
    life: Life, input: ExtensionInitError | ExtensionExitError, move: Move, *, fatal_type: str
) -> None:
    """The phase goes on until the process exits; its first report says why it did."""
    party = _identified(life, input.identifier)
    target = _target(party, move, label=f"extension {input.identifier}")
    if target is party.state:
        return
    life.set_state(party, target)
    party.error_type = input.error_type
    life.note_fatal_type(fatal_type)


def call_dropped(life: Life, input: CallDropped) -> None:
    """Not parked any more is no error: the event may have been on its way when the connection closed."""
    life.roster.drop(input.call)


def _identified(life: Life, identifier: str) -> Party:
    party = life.roster.identified(identifier)
    if party is None:
        raise UnknownExtension(identifier)
    return party


def _target(party: Party, move: Move, *, label: str) -> State:
    target = TABLES[party.role][party.state].get(move)
    if target is None:
        raise IllegalTransition(label, party.state, WANTED[move])
    return target
