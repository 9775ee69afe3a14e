"""The conditions of the edges between phases: questions about a life that change nothing.

One function a gate, in the order of `phases.Gate`. A party that has called next once counts as initialised whatever
it does afterwards, and a party without a process as gone (RIE: internal/lambda/core/gates.go).
"""

from collections.abc import Callable, Mapping

from lambdasim.core.freezer import Freezer
from lambdasim.core.life import Life
from lambdasim.core.phases import Gate
from lambdasim.core.values import RUNTIME_PARTY, Role


def _faulted(life: Life) -> bool:
    return life.fault is not None


def _init_requested(life: Life) -> bool:
    return life.init_requested


def _extensions_registered(life: Life) -> bool:
    parties = life.roster.extensions.values()
    return all(party.identifier is not None for party in parties if party.role is Role.EXTERNAL)


def _runtime_ready(life: Life) -> bool:
    runtime = life.roster.runtime
    return runtime is not None and runtime.initialised


def _extensions_ready(life: Life) -> bool:
    return all(party.initialised for party in life.roster.extensions.values())


def _extensions_ready_inline(life: Life) -> bool:
    return life.open is not None and _extensions_ready(life)


def _measured(life: Life) -> bool:
    return life.measured is not None


def _thaw_needed(life: Life) -> bool:
    stopped = life.freezer is Freezer.FROZEN or life.freezer is Freezer.FREEZING
    return stopped and (bool(life.waiting) or life.shutdown_reason is not None)


def _shutdown_due(life: Life) -> bool:
    return life.shutdown_reason is not None and life.open is None and life.freezer is Freezer.RUNNING


def _invocation_due(life: Life) -> bool:
    return bool(life.waiting) and life.freezer is Freezer.RUNNING


def _settled(life: Life) -> bool:
    return life.freezer is Freezer.RUNNING and not life.waiting


def _runtime_done(life: Life) -> bool:
    # Holders are listed from the moment the event is handed out, the runtime first.
    return life.open is not None and RUNTIME_PARTY not in life.open.holders


def _invocation_done(life: Life) -> bool:
    return life.open is not None and not life.open.holders


def _runtime_gone(life: Life) -> bool:
    return life.roster.runtime is None or not life.roster.runtime.alive


def _everyone_gone(life: Life) -> bool:
    return not any(party.alive for party in life.roster)


GATES: Mapping[Gate, Callable[[Life], bool]] = {
    Gate.FAULTED: _faulted,
    Gate.INIT_REQUESTED: _init_requested,
    Gate.EXTENSIONS_REGISTERED: _extensions_registered,
    Gate.RUNTIME_READY: _runtime_ready,
    Gate.EXTENSIONS_READY: _extensions_ready,
    Gate.EXTENSIONS_READY_INLINE: _extensions_ready_inline,
    Gate.MEASURED: _measured,
    Gate.THAW_NEEDED: _thaw_needed,
    Gate.SHUTDOWN_DUE: _shutdown_due,
    Gate.INVOCATION_DUE: _invocation_due,
    Gate.SETTLED: _settled,
    Gate.RUNTIME_DONE: _runtime_done,
    Gate.INVOCATION_DONE: _invocation_done,
    Gate.RUNTIME_GONE: _runtime_gone,
    Gate.EVERYONE_GONE: _everyone_gone,
}
