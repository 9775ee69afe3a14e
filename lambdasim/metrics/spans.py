"""Folds events into spans and markers: one rule a record type.

How this works: `RULES` names for each type what it does to the drawing, or None: this type draws nothing. Types that
are not in the table draw nothing either, so that newer recordings stay readable. A stream may begin anywhere: a
span whose start was not seen is not drawn. Three hands draw on one Canvas: init, invoke and ending.
"""

from collections.abc import Callable, Mapping

from lambdasim.core.values import ShutdownReason
from lambdasim.metrics.canvas import Canvas
from lambdasim.metrics.details import Record, detail, number, text
from lambdasim.metrics.ending_spans import EndingSpans
from lambdasim.metrics.init_spans import InitSpans
from lambdasim.metrics.invoke_spans import InvokeSpans
from lambdasim.metrics.turn import READY, REGISTERED, RUNNING
from lambdasim.metrics.values import PLATFORM_LANE, Marker, MarkerKind, Span, SpanKind
from lambdasim.telemetry.event import TelemetryEvent

NS_PER_MS = 1_000_000

FAILED_STATES = frozenset({"LaunchError", "InitError", "ExitError"})


class SpanFold:
    def __init__(self) -> None:
        self._canvas = Canvas()
        self._init = InitSpans(self._canvas)
        self._invoke = InvokeSpans(self._canvas)
        self._ending = EndingSpans(self._canvas)
        self._frozen_ns = 0

    def feed(self, event: TelemetryEvent) -> None:
        rule = RULES.get(event.type)
        if rule is not None and not isinstance(event.record, str):
            rule(self, event, event.record)

    def take_changes(self) -> tuple[list[Span], list[Marker]]:
        return self._canvas.take_changes()

    def everything(self) -> tuple[list[Span], list[Marker]]:
        return self._canvas.everything()

    # --- rules -----------------------------------------------------------------------------------

    def _init_start(self, event: TelemetryEvent, record: Record) -> None:
        self._ending.over(event.at_ns)
        self._init.started(event, record)

    def _init_report(self, event: TelemetryEvent, record: Record) -> None:
        self._init.reported(event, record)
        if text(record, "status") == "timeout":
            self._canvas.mark(MarkerKind.TIMEOUT, seq=event.seq, at_ns=event.at_ns, lane=PLATFORM_LANE,
                              request_id=self._invoke.request_id, label="init timed out")

    def _process_start(self, event: TelemetryEvent, record: Record) -> None:
        self._init.process_started(event, record)

    def _process_exit(self, event: TelemetryEvent, record: Record) -> None:
        self._ending.exited(event, record, self._invoke.request_id)

    def _mark(self, event: TelemetryEvent, record: Record) -> None:
        self._init.marked(event, record)

    def _party(self, event: TelemetryEvent, record: Record) -> None:
        party, state = event.party, text(record, "state")
        if party is None or state is None:
            return
        if state in FAILED_STATES:
            self._canvas.mark(MarkerKind.ERROR, seq=event.seq, at_ns=event.at_ns, lane=party,
                              request_id=self._invoke.request_id, label=state)
        elif self._ending.under_way:
            if state == RUNNING:
                self._ending.told_to_stop(event, party, "SHUTDOWN event")
        elif state == REGISTERED:
            self._init.registered(event, party, record)
        else:
            if state == READY:
                self._init.ready(event, party)
            self._invoke.moved(event, party, record)

    def _accepted(self, event: TelemetryEvent, record: Record) -> None:
        self._invoke.accepted(event, record)

    def _start(self, event: TelemetryEvent, record: Record) -> None:
        self._ending.over(event.at_ns)
        self._invoke.started(event, record)

    def _runtime_done(self, event: TelemetryEvent, record: Record) -> None:
        self._invoke.runtime_done(event, record)

    def _report(self, event: TelemetryEvent, record: Record) -> None:
        self._invoke.reported(event, record)

    def _answered(self, event: TelemetryEvent, record: Record) -> None:
        self._invoke.answered(event, record)

    def _freeze(self, event: TelemetryEvent, record: Record) -> None:
        self._frozen_ns = event.at_ns
        self._canvas.open(PLATFORM_LANE, SpanKind.FROZEN, seq=event.seq, at_ns=event.at_ns, label="frozen",
                          detail=detail(record))

    def _thaw(self, event: TelemetryEvent, record: Record) -> None:
        """Frozen ends with the first process continued; the record is written when all are."""
        frozen_ms = number(record, "frozenMs")
        end_ns = event.at_ns if frozen_ms is None else self._frozen_ns + round(frozen_ms * NS_PER_MS)
        self._canvas.close(PLATFORM_LANE, SpanKind.FROZEN, at_ns=min(end_ns, event.at_ns), detail={
            f"thaw_{name}" if name == "took_ms" else name: value for name, value in detail(record).items()
        })

    def _signal(self, event: TelemetryEvent, record: Record) -> None:
        self._ending.signalled(event, record, self._invoke.request_id)

    def _phase(self, event: TelemetryEvent, record: Record) -> None:
        self._ending.phase_changed(event, record)

    def _shutdown(self, event: TelemetryEvent, record: Record) -> None:
        """An invocation that is cut off by an orderly shutdown has failed; a reset says why it did."""
        reason = text(record, "reason") or ""
        self._invoke.cut(event.at_ns, "timeout" if reason == ShutdownReason.TIMEOUT else "failure")
        self._ending.began(event, record, self._invoke.request_id)

    def _end(self, event: TelemetryEvent, record: Record) -> None:
        self._ending.over(event.at_ns)
        self._canvas.close_all(at_ns=event.at_ns)

    def _lost(self, event: TelemetryEvent, record: Record) -> None:
        self._canvas.close_all(at_ns=event.at_ns, status="failure")
        self._canvas.mark(MarkerKind.ERROR, seq=event.seq, at_ns=event.at_ns, lane=PLATFORM_LANE,
                          request_id=self._invoke.request_id, label=text(record, "reason") or "environment lost")


RULES: Mapping[str, Callable[[SpanFold, TelemetryEvent, Record], None] | None] = {
    "platform.initStart": SpanFold._init_start,
    "platform.initRuntimeDone": None,
    "platform.initReport": SpanFold._init_report,
    "platform.restoreStart": None,
    "platform.restoreRuntimeDone": None,
    "platform.restoreReport": None,
    "platform.start": SpanFold._start,
    "platform.runtimeDone": SpanFold._runtime_done,
    "platform.report": SpanFold._report,
    "platform.extension": None,
    "platform.telemetrySubscription": None,
    "platform.logsSubscription": None,
    "platform.logsDropped": None,
    "function": None,
    "extension": None,
    "sim.environment": None,
    "sim.phase": SpanFold._phase,
    "sim.processStart": SpanFold._process_start,
    "sim.processExit": SpanFold._process_exit,
    "sim.party": SpanFold._party,
    "sim.mark": SpanFold._mark,
    "sim.invoke": SpanFold._accepted,
    "sim.answered": SpanFold._answered,
    "sim.measurement": None,
    "sim.freeze": SpanFold._freeze,
    "sim.thaw": SpanFold._thaw,
    "sim.signal": SpanFold._signal,
    "sim.shutdown": SpanFold._shutdown,
    "sim.end": SpanFold._end,
    "sim.lost": SpanFold._lost,
    "sim.warning": None,
}
