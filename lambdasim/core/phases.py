"""The phases of an execution environment, and the one table of edges between them.

How this works: after every input the edges of the present phase are tried in this order; the first whose gate
is open is taken, its effect is carried out, and the search begins anew in the phase reached, until no gate is open.
In every live phase the fault edge is first. Gates and effects are names: `gates` and `environment` give them their
functions. Follows AWS, lambda-runtime-environment; gates as in RIE, internal/lambda/core/flow.go.
"""

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    PREPARED = "PREPARED"
    INIT_REGISTER = "INIT_REGISTER"
    INIT_RUNTIME = "INIT_RUNTIME"
    INIT_EXTENSIONS = "INIT_EXTENSIONS"
    INIT_MEASURE = "INIT_MEASURE"
    IDLE = "IDLE"
    INVOKE_RUNTIME = "INVOKE_RUNTIME"
    INVOKE_EXTENSIONS = "INVOKE_EXTENSIONS"
    INVOKE_MEASURE = "INVOKE_MEASURE"
    RESET_RUNTIME = "RESET_RUNTIME"
    RESET_EXTENSIONS = "RESET_EXTENSIONS"
    RESET_MEASURE = "RESET_MEASURE"
    NEW = "NEW"
    SHUTDOWN_RUNTIME = "SHUTDOWN_RUNTIME"
    SHUTDOWN_EXTENSIONS = "SHUTDOWN_EXTENSIONS"
    SHUTDOWN_MEASURE = "SHUTDOWN_MEASURE"
    DEAD = "DEAD"


class Gate(StrEnum):
    FAULTED = "a party faulted, or the deadline has passed"
    INIT_REQUESTED = "init was requested"
    EXTENSIONS_REGISTERED = "every external extension has registered"
    RUNTIME_READY = "the runtime has called next for the first time"
    EXTENSIONS_READY = "every extension has called next"
    EXTENSIONS_READY_INLINE = "every extension has called next, and an invocation waits for this init"
    MEASURED = "the measurement has arrived"
    THAW_NEEDED = "frozen or freezing, and there is something to do"
    SHUTDOWN_DUE = "a shutdown was requested, and no invocation is open"
    INVOCATION_DUE = "an invocation waits, and the processes run"
    SETTLED = "nothing to do, and the processes run"
    RUNTIME_DONE = "the runtime has called next again"
    INVOCATION_DONE = "every party that got the event has called next again"
    RUNTIME_GONE = "the runtime has no process"
    EVERYONE_GONE = "no party has a process"


class Effect(StrEnum):
    BEGIN_INIT = "platform.initStart, spawn the extensions, arm the init limit"
    SPAWN_RUNTIME = "spawn the runtime"
    END_RUNTIME_INIT = "close registration, platform.initRuntimeDone"
    END_INIT = "disarm, platform.extension for each, measure"
    END_INLINE_INIT = "platform.extension for each, platform.initReport, then hand out the event"
    REPORT_INIT = "platform.initReport"
    ABANDON_INIT = "close the init records, begin the shutdown"
    THAW = "thaw"
    FREEZE = "freeze"
    BEGIN_INVOKE = "sim.invoke, platform.start, arm the timeout, deliver to all"
    BEGIN_INLINE_INIT = "sim.invoke, arm the timeout, then as in init"
    END_RUNTIME_PART = "platform.runtimeDone"
    MEASURE_INVOKE = "disarm, measure"
    REPORT_INVOKE = "platform.report, complete"
    FAIL = "close what is open with the fault's status, answer the caller, begin the reset"
    SHUT_EXTENSIONS_DOWN = "deliver SHUTDOWN to its subscribers, kill the others, arm the budget"
    SWEEP = "kill stragglers, measure"
    REPORT_RESET = "platform.report if an invocation was open, complete; forget every party"
    BEGIN_SHUTDOWN = "sim.shutdown, terminate the runtime"
    MEASURE_SHUTDOWN = "measure"
    END = "sim.end, dispose"


@dataclass(frozen=True, slots=True)
class Edge:
    source: Phase
    gate: Gate
    target: Phase
    effect: Effect


PHASE_EDGES: tuple[Edge, ...] = (
    Edge(Phase.PREPARED, Gate.SHUTDOWN_DUE, Phase.SHUTDOWN_RUNTIME, Effect.BEGIN_SHUTDOWN),
    Edge(Phase.PREPARED, Gate.INIT_REQUESTED, Phase.INIT_REGISTER, Effect.BEGIN_INIT),
    Edge(Phase.INIT_REGISTER, Gate.FAULTED, Phase.RESET_RUNTIME, Effect.FAIL),
    Edge(Phase.INIT_REGISTER, Gate.SHUTDOWN_DUE, Phase.SHUTDOWN_RUNTIME, Effect.ABANDON_INIT),
    Edge(Phase.INIT_REGISTER, Gate.EXTENSIONS_REGISTERED, Phase.INIT_RUNTIME, Effect.SPAWN_RUNTIME),
    Edge(Phase.INIT_RUNTIME, Gate.FAULTED, Phase.RESET_RUNTIME, Effect.FAIL),
    Edge(Phase.INIT_RUNTIME, Gate.SHUTDOWN_DUE, Phase.SHUTDOWN_RUNTIME, Effect.ABANDON_INIT),
    Edge(Phase.INIT_RUNTIME, Gate.RUNTIME_READY, Phase.INIT_EXTENSIONS, Effect.END_RUNTIME_INIT),
    Edge(Phase.INIT_EXTENSIONS, Gate.FAULTED, Phase.RESET_RUNTIME, Effect.FAIL),
    Edge(Phase.INIT_EXTENSIONS, Gate.SHUTDOWN_DUE, Phase.SHUTDOWN_RUNTIME, Effect.ABANDON_INIT),
    Edge(Phase.INIT_EXTENSIONS, Gate.EXTENSIONS_READY_INLINE, Phase.INVOKE_RUNTIME, Effect.END_INLINE_INIT),
    Edge(Phase.INIT_EXTENSIONS, Gate.EXTENSIONS_READY, Phase.INIT_MEASURE, Effect.END_INIT),
    Edge(Phase.INIT_MEASURE, Gate.MEASURED, Phase.IDLE, Effect.REPORT_INIT),
    Edge(Phase.IDLE, Gate.THAW_NEEDED, Phase.IDLE, Effect.THAW),
    Edge(Phase.IDLE, Gate.SHUTDOWN_DUE, Phase.SHUTDOWN_RUNTIME, Effect.BEGIN_SHUTDOWN),
    Edge(Phase.IDLE, Gate.INVOCATION_DUE, Phase.INVOKE_RUNTIME, Effect.BEGIN_INVOKE),
    Edge(Phase.IDLE, Gate.SETTLED, Phase.IDLE, Effect.FREEZE),
    Edge(Phase.INVOKE_RUNTIME, Gate.FAULTED, Phase.RESET_RUNTIME, Effect.FAIL),
    Edge(Phase.INVOKE_RUNTIME, Gate.RUNTIME_DONE, Phase.INVOKE_EXTENSIONS, Effect.END_RUNTIME_PART),
    Edge(Phase.INVOKE_EXTENSIONS, Gate.FAULTED, Phase.RESET_RUNTIME, Effect.FAIL),
    Edge(Phase.INVOKE_EXTENSIONS, Gate.INVOCATION_DONE, Phase.INVOKE_MEASURE, Effect.MEASURE_INVOKE),
    Edge(Phase.INVOKE_MEASURE, Gate.MEASURED, Phase.IDLE, Effect.REPORT_INVOKE),
    Edge(Phase.RESET_RUNTIME, Gate.RUNTIME_GONE, Phase.RESET_EXTENSIONS, Effect.SHUT_EXTENSIONS_DOWN),
    Edge(Phase.RESET_EXTENSIONS, Gate.EVERYONE_GONE, Phase.RESET_MEASURE, Effect.SWEEP),
    Edge(Phase.RESET_MEASURE, Gate.MEASURED, Phase.NEW, Effect.REPORT_RESET),
    Edge(Phase.NEW, Gate.SHUTDOWN_DUE, Phase.SHUTDOWN_RUNTIME, Effect.BEGIN_SHUTDOWN),
    Edge(Phase.NEW, Gate.INVOCATION_DUE, Phase.INIT_REGISTER, Effect.BEGIN_INLINE_INIT),
    Edge(Phase.SHUTDOWN_RUNTIME, Gate.RUNTIME_GONE, Phase.SHUTDOWN_EXTENSIONS, Effect.SHUT_EXTENSIONS_DOWN),
    Edge(Phase.SHUTDOWN_EXTENSIONS, Gate.EVERYONE_GONE, Phase.SHUTDOWN_MEASURE, Effect.MEASURE_SHUTDOWN),
    Edge(Phase.SHUTDOWN_MEASURE, Gate.MEASURED, Phase.DEAD, Effect.END),
)

INIT_PHASES = frozenset({Phase.INIT_REGISTER, Phase.INIT_RUNTIME, Phase.INIT_EXTENSIONS})
INVOKE_PHASES = frozenset({Phase.INVOKE_RUNTIME, Phase.INVOKE_EXTENSIONS})
LIVE_PHASES = INIT_PHASES | INVOKE_PHASES
"""Here a fault is acted upon at once; in IDLE it is kept for the next invocation."""

ENDING_PHASES = frozenset({
    Phase.RESET_RUNTIME, Phase.RESET_EXTENSIONS, Phase.RESET_MEASURE,
    Phase.SHUTDOWN_RUNTIME, Phase.SHUTDOWN_EXTENSIONS, Phase.SHUTDOWN_MEASURE,
})
"""A process that ends here does what it was told to."""

MEASURE_PHASES = frozenset({Phase.INIT_MEASURE, Phase.INVOKE_MEASURE, Phase.RESET_MEASURE, Phase.SHUTDOWN_MEASURE})

NO_RUNTIME_PHASES = frozenset({Phase.PREPARED, Phase.NEW, Phase.DEAD})
"""Nobody may register or wait for an event here."""
