"""Every record type there is, by name: what a reader of events must have an answer for.

Whoever interprets events (text lines, spans, figures) keeps a table with one row for each of these, so that
a new type cannot be forgotten silently. AWS's types: telemetry-schema-reference, and runtimes-logs-api for
`platform.logsSubscription`; ours, prefixed `sim.`, are described in docs/architecture.md, "Records".
"""

PLATFORM_TYPES: frozenset[str] = frozenset({
    "platform.initStart", "platform.initRuntimeDone", "platform.initReport",
    "platform.restoreStart", "platform.restoreRuntimeDone", "platform.restoreReport",
    "platform.start", "platform.runtimeDone", "platform.report",
    "platform.extension", "platform.telemetrySubscription", "platform.logsSubscription", "platform.logsDropped",
})

LOG_TYPES: frozenset[str] = frozenset({"function", "extension"})

SIM_TYPES: frozenset[str] = frozenset({
    "sim.environment", "sim.phase", "sim.processStart", "sim.processExit", "sim.party", "sim.mark",
    "sim.invoke", "sim.answered", "sim.measurement", "sim.freeze", "sim.thaw", "sim.signal",
    "sim.shutdown", "sim.end", "sim.lost", "sim.warning",
})

ALL_TYPES: frozenset[str] = PLATFORM_TYPES | LOG_TYPES | SIM_TYPES
