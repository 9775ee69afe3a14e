"""Folds events into the figures of each invocation: collects what concerns it, computes when it is finished.

An invocation is finished by its `platform.report`, or by the end of its environment without one (status `failure`,
`Sandbox.Failure`). Records may follow, such as the measurement: the figures are then made anew. One whose beginning
was not seen has no figures: half an invocation would only look like a fast one.
"""

from collections.abc import Callable, Mapping
from typing import Any

from lambdasim.core.values import Role
from lambdasim.metrics.details import Record, text
from lambdasim.metrics.draft import Draft, Surroundings
from lambdasim.metrics.figures import InvocationMetrics
from lambdasim.metrics.startup import Startup
from lambdasim.telemetry.event import TelemetryEvent

KEPT_INVOCATIONS = 200
OPEN_FOR_LATECOMERS = 4
"""How many finished invocations still take in records that name them."""


class InvocationFold:
    def __init__(self) -> None:
        self._around = Surroundings()
        self._startup = Startup()
        self._drafts: dict[str, Draft] = {}
        self._current: Draft | None = None
        self._finished: dict[str, InvocationMetrics] = {}
        self._changed: dict[str, InvocationMetrics] = {}

    def feed(self, event: TelemetryEvent) -> None:
        rule = RULES.get(event.type)
        if rule is not None and not isinstance(event.record, str):
            rule(self, event, event.record)

    def take_changes(self) -> list[InvocationMetrics]:
        """Invocations that were finished, or changed after that, since the last call."""
        changes, self._changed = list(self._changed.values()), {}
        return changes

    def everything(self) -> list[InvocationMetrics]:
        return list(self._finished.values())

    # --- rules -----------------------------------------------------------------------------------

    def _environment(self, event: TelemetryEvent, record: Record) -> None:
        self._around = Surroundings.of(record)
        self._startup.life_began(event)

    def _init_start(self, event: TelemetryEvent, record: Record) -> None:
        self._startup.init_started(event)

    def _process_start(self, event: TelemetryEvent, record: Record) -> None:
        self._startup.process_started(event)

    def _mark(self, event: TelemetryEvent, record: Record) -> None:
        self._startup.marked(event, record)

    def _party(self, event: TelemetryEvent, record: Record) -> None:
        if event.party is None:
            return
        if text(record, "role") in (Role.EXTERNAL, Role.INTERNAL):
            self._around.meet(event.party)
        self._startup.moved(event, event.party, record)
        if self._current is not None and self._current.turn is not None:
            self._current.turn.move(event.party, record, event.at_ns)
            self._current.last_seq = event.seq

    def _accepted(self, event: TelemetryEvent, record: Record) -> None:
        request_id = text(record, "requestId")
        if request_id is None:
            return
        self._begin(request_id, event)
        draft = self._drafts[request_id]
        draft.cold_start = bool(record.get("coldStart"))
        if draft.cold_start and self._startup.first_seq is not None:
            draft.first_seq = min(draft.first_seq, self._startup.first_seq)

    def _begin(self, request_id: str, event: TelemetryEvent) -> None:
        if request_id not in self._drafts:
            self._drafts[request_id] = Draft(request_id=request_id, first_seq=event.seq, started_ns=event.at_ns)
            while len(self._drafts) > OPEN_FOR_LATECOMERS:
                del self._drafts[next(iter(self._drafts))]
        self._current = self._drafts[request_id]

    def _start(self, event: TelemetryEvent, record: Record) -> None:
        request_id = text(record, "requestId")
        if request_id is not None:
            self._begin(request_id, event)
            self._drafts[request_id].start(event, record)

    def _runtime_done(self, event: TelemetryEvent, record: Record) -> None:
        self._take_in(event, record, "runtime_done")

    def _answered(self, event: TelemetryEvent, record: Record) -> None:
        self._take_in(event, record, "answered")

    def _measurement(self, event: TelemetryEvent, record: Record) -> None:
        """Only one that names an invocation is of an invocation: what init used is not its use."""
        if text(record, "phase") != "init":
            self._take_in(event, record, "measurement")

    def _report(self, event: TelemetryEvent, record: Record) -> None:
        draft = self._take_in(event, record, "report")
        if draft is not None:
            self._finish(draft, event)

    def _take_in(self, event: TelemetryEvent, record: Record, member: str) -> Draft | None:
        draft = self._drafts.get(text(record, "requestId") or "")
        if draft is None:
            return None
        setattr(draft, member, record)
        draft.last_seq = event.seq
        if member == "answered":
            draft.answered_ns = event.at_ns
        if draft.finished_ns is not None:
            self._publish(draft)
        return draft

    def _publish(self, draft: Draft) -> None:
        figures = draft.figures(self._around)
        self._changed[draft.request_id] = self._finished[draft.request_id] = figures
        if len(self._finished) > KEPT_INVOCATIONS:
            del self._finished[next(iter(self._finished))]

    def _finish(self, draft: Draft, event: TelemetryEvent) -> None:
        draft.finish(event, self._startup)
        self._publish(draft)
        if self._current is draft:
            self._current = None

    def _shutdown(self, event: TelemetryEvent, record: Record) -> None:
        """What follows is no longer the invocation's turn: a next out of SHUTDOWN would look like a tail."""
        if self._current is not None and self._current.turn is not None:
            self._current.turn.close()

    def _end(self, event: TelemetryEvent, record: Record) -> None:
        if self._current is not None:
            self._finish(self._current, event)


Rule = Callable[[InvocationFold, TelemetryEvent, Mapping[str, Any]], None]

RULES: Mapping[str, Rule | None] = {
    "platform.initStart": InvocationFold._init_start,
    "platform.initRuntimeDone": None,
    "platform.initReport": None,
    "platform.restoreStart": None,
    "platform.restoreRuntimeDone": None,
    "platform.restoreReport": None,
    "platform.start": InvocationFold._start,
    "platform.runtimeDone": InvocationFold._runtime_done,
    "platform.report": InvocationFold._report,
    "platform.extension": None,
    "platform.telemetrySubscription": None,
    "platform.logsSubscription": None,
    "platform.logsDropped": None,
    "function": None,
    "extension": None,
    "sim.environment": InvocationFold._environment,
    "sim.phase": None,
    "sim.processStart": InvocationFold._process_start,
    "sim.processExit": None,
    "sim.party": InvocationFold._party,
    "sim.mark": InvocationFold._mark,
    "sim.invoke": InvocationFold._accepted,
    "sim.answered": InvocationFold._answered,
    "sim.measurement": InvocationFold._measurement,
    "sim.freeze": None,
    "sim.thaw": None,
    "sim.signal": None,
    "sim.shutdown": InvocationFold._shutdown,
    "sim.end": InvocationFold._end,
    "sim.lost": InvocationFold._end,
    "sim.warning": None,
}
