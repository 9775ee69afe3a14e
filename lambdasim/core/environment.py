"""An execution environment as a machine without I/O: inputs go in, actions come out, in the order to be performed.

How this works: the handler of the input validates it and moves its party; then the edges of the present phase are
taken until none is open (see `phases`). A refused input raises and leaves everything as it was. It has no clock:
`at_ns` is the moment of the input, and time never runs backwards in here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from lambdasim.core import (
    ending,
    extension_calls,
    failing,
    freezing,
    host_reports,
    initializing,
    inputs,
    invoking,
    runtime_calls,
)
from lambdasim.core.actions import Action
from lambdasim.core.errors import LambdasimError
from lambdasim.core.freezer import Freezer
from lambdasim.core.gates import GATES
from lambdasim.core.inputs import Input
from lambdasim.core.life import Life
from lambdasim.core.phases import PHASE_EDGES, Effect, Phase
from lambdasim.core.roster import PartyView
from lambdasim.core.values import FunctionSpec, Invocation

HANDLERS: Mapping[type[Input], Callable[[Life, Any], None]] = {
    inputs.RuntimeNext: runtime_calls.runtime_next,
    inputs.RuntimeResponseBegan: runtime_calls.response_began,
    inputs.RuntimeResponseEnded: runtime_calls.response_ended,
    inputs.RuntimeResponseFailed: runtime_calls.response_failed,
    inputs.RuntimeInitError: runtime_calls.init_error,
    inputs.ExtensionRegister: extension_calls.register,
    inputs.ExtensionNext: extension_calls.extension_next,
    inputs.ExtensionInitError: extension_calls.init_error,
    inputs.ExtensionExitError: extension_calls.exit_error,
    inputs.CallDropped: extension_calls.call_dropped,
    inputs.InitRequested: host_reports.init_requested,
    inputs.ProcessStarted: host_reports.process_started,
    inputs.ProcessNotStarted: host_reports.process_not_started,
    inputs.ProcessExited: host_reports.process_exited,
    inputs.Marked: host_reports.marked,
    inputs.InvocationArrived: host_reports.invocation_arrived,
    inputs.ShutdownRequested: host_reports.shutdown_requested,
    inputs.TimerFired: host_reports.timer_fired,
    inputs.Measured: host_reports.measured,
    inputs.Frozen: freezing.frozen,
    inputs.Thawed: freezing.thawed,
}

EFFECTS: Mapping[Effect, Callable[[Life], None]] = {
    Effect.BEGIN_INIT: initializing.begin_init,
    Effect.SPAWN_RUNTIME: initializing.spawn_runtime,
    Effect.END_RUNTIME_INIT: initializing.end_runtime_init,
    Effect.END_INIT: initializing.end_init,
    Effect.END_INLINE_INIT: initializing.end_inline_init,
    Effect.REPORT_INIT: initializing.report_init,
    Effect.ABANDON_INIT: initializing.abandon_init,
    Effect.THAW: freezing.thaw,
    Effect.FREEZE: freezing.freeze,
    Effect.BEGIN_INVOKE: invoking.begin_invoke,
    Effect.BEGIN_INLINE_INIT: initializing.begin_inline_init,
    Effect.END_RUNTIME_PART: invoking.end_runtime_part,
    Effect.MEASURE_INVOKE: invoking.measure_invoke,
    Effect.REPORT_INVOKE: invoking.report_invoke,
    Effect.FAIL: failing.fail,
    Effect.SHUT_EXTENSIONS_DOWN: ending.shut_extensions_down,
    Effect.SWEEP: ending.sweep,
    Effect.REPORT_RESET: ending.report_reset,
    Effect.BEGIN_SHUTDOWN: ending.begin_ending,
    Effect.MEASURE_SHUTDOWN: ending.measure_shutdown,
    Effect.END: ending.end,
}

EDGES = {
    phase: tuple((GATES[edge.gate], edge.target, EFFECTS[edge.effect]) for edge in PHASE_EDGES if edge.source is phase)
    for phase in Phase
}
"""`PHASE_EDGES`, resolved once."""

API_INPUTS = frozenset({
    inputs.RuntimeNext, inputs.RuntimeResponseBegan, inputs.RuntimeResponseEnded, inputs.RuntimeResponseFailed,
    inputs.RuntimeInitError, inputs.ExtensionRegister, inputs.ExtensionNext, inputs.ExtensionInitError,
    inputs.ExtensionExitError, inputs.InvocationArrived,
})
"""Somebody waits for what becomes of these; of all others only the fact counts."""


class Environment:
    __slots__ = ("_life",)

    def __init__(self, spec: FunctionSpec) -> None:
        self._life = Life(spec)

    def receive(self, input: Input, at_ns: int) -> list[Action]:
        """What is to be done about it. Raises a LambdasimError, mostly `Refused`, and then nothing has changed."""
        life = self._life
        kind = type(input)
        if life.phase is Phase.DEAD and kind not in API_INPUTS:
            return []
        before_ns = life.now_ns
        if at_ns > before_ns:
            life.now_ns = at_ns
        actions = life.actions = []
        try:
            HANDLERS[kind](life, input)
        except LambdasimError:
            life.now_ns = before_ns
            raise
        _settle(life)
        return actions

    @property
    def phase(self) -> Phase:
        return self._life.phase

    @property
    def parties(self) -> tuple[PartyView, ...]:
        """The runtime first, then the extensions in the order in which they became known."""
        return self._life.roster.views()

    @property
    def current(self) -> Invocation | None:
        """The invocation under way, until its report."""
        return self._life.open.invocation if self._life.open is not None else None

    @property
    def holders(self) -> tuple[str, ...]:
        """Who has not called next since the event was handed out; empty outside the Invoke phase."""
        return tuple(self._life.open.holders) if self._life.open is not None else ()

    @property
    def accepts_invocations(self) -> bool:
        return self._life.shutdown_reason is None and self._life.phase is not Phase.DEAD

    @property
    def frozen(self) -> bool:
        return self._life.freezer is Freezer.FROZEN


def _settle(life: Life) -> None:
    """Takes open edges until there is none."""
    edges = EDGES[life.phase]
    position = 0
    while position < len(edges):
        gate, target, effect = edges[position]
        if gate(life):
            life.enter(target)
            effect(life)
            edges = EDGES[life.phase]
            position = 0
        else:
            position += 1
