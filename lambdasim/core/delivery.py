"""Handing events to parties: to their parked calls, or to their next call if there is none now.

An event is never lost with a connection: a party that is Ready without a call keeps it owed. Whether an event is due
is decided elsewhere. RIE: internal/lambda/core/externalagent_states.go, states.go.
"""

from lambdasim.core.actions import Deliver, InvokeEvent, RuntimeEvent, ShutdownEvent
from lambdasim.core.life import Life
from lambdasim.core.parties import TABLES, Move
from lambdasim.core.roster import Party


def hand_out(life: Life, party: Party, event: RuntimeEvent | InvokeEvent | ShutdownEvent) -> None:
    running = TABLES[party.role][party.state].get(Move.DELIVER)
    if running is None or not party.calls:
        party.owed = event
        return
    party.owed = None
    for call in life.roster.take_calls(party):
        life.actions.append(Deliver(call=call, event=event))
    life.set_state(party, running)


def park(life: Life, party: Party, call: object) -> None:
    """The call waits, unless the event it waits for is there already."""
    life.roster.park(party, call)
    if party.owed is not None:
        hand_out(life, party, party.owed)
