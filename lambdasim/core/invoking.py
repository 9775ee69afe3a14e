"""Effects of the Invoke phase: taking an invocation up, answering its caller, closing its records.

The caller is answered when the response has arrived whole; the environment stays busy until the last
INVOKE-subscribed extension has called next. platform.start → runtimeDone → report, once each.
AWS: lambda-runtime-environment, "Invoke phase", telemetry-schema-reference; RIE: internal/lambda/rapid/handlers.go.
"""

from lambdasim.core import records
from lambdasim.core.actions import AnswerCaller, Complete, InvokeEvent, Measure, RuntimeEvent
from lambdasim.core.delivery import hand_out
from lambdasim.core.faults import SANDBOX_FAILURE, Fault, error_body, timeout
from lambdasim.core.life import INVOKE_TIMER, Life, Open
from lambdasim.core.limits import NS_PER_MS
from lambdasim.core.records import Fields
from lambdasim.core.time import duration_ms
from lambdasim.core.values import RUNTIME_PARTY, Answer, InitializationType, Invocation, Status

# --- beginning -----------------------------------------------------------------------------------


def take_up(life: Life, *, cold_start: bool) -> Open:
    invocation = life.waiting.popleft()
    life.open = Open(
        invocation=invocation, tracing=records.tracing(invocation.trace_id), began_ns=life.now_ns, init_ns=life.init_ns,
    )
    life.init_ns = None
    life.record("sim.invoke", records.invoke(invocation, cold_start=cold_start))
    return life.open


def begin_invoke(life: Life) -> None:
    """On an environment that broke while it was idle nothing is handed out: the fault edge is next."""
    on_demand = life.spec.initialization_type is not InitializationType.PROVISIONED_CONCURRENCY
    open = take_up(life, cold_start=on_demand and life.init_ns is not None)
    if life.fault is None:
        arm_timeout(life, open)
        hand_out_event(life)


def arm_timeout(life: Life, open: Open) -> None:
    """The function's timeout covers the runtime, the extensions and an init inside the invocation."""
    deadline_ns = life.now_ns + life.spec.timeout_ms * NS_PER_MS
    open.deadline_ms = deadline_ns // NS_PER_MS
    life.arm(INVOKE_TIMER, deadline_ns)


def hand_out_event(life: Life) -> None:
    open = open_of(life)
    invocation = open.invocation
    _record_start(life, open)
    open.delivered_ns = life.now_ns
    open.runtime_event = RuntimeEvent(invocation=invocation, deadline_ms=open.deadline_ms)
    open.holders = [RUNTIME_PARTY]
    subscribers = life.roster.subscribers
    if subscribers:
        open.subscribed = True
        event = InvokeEvent(
            request_id=invocation.request_id, function_arn=invocation.function_arn,
            trace_id=invocation.trace_id, deadline_ms=open.deadline_ms,
        )
        for party in subscribers:
            open.holders.append(party.name)
            hand_out(life, party, event)
    if life.roster.runtime is not None:
        hand_out(life, life.roster.runtime, open.runtime_event)


def called_next(life: Life, name: str) -> None:
    """Done with the event. An extension that says so before the runtime has a tail of zero."""
    open = life.open
    if open is not None and name in open.holders:
        open.holders.remove(name)


# --- answering -----------------------------------------------------------------------------------


def answer(life: Life, open: Open, given: Answer, *, status: Status) -> None:
    """Once; whatever would be the answer after that is discarded."""
    if open.answered:
        return
    open.answered = True
    life.actions.append(AnswerCaller(answer=given))
    _record_answered(life, open.invocation, given, status=status, produced_bytes=open.produced_bytes)


def turn_away(life: Life) -> None:
    """Those still waiting when a shutdown was requested: they were accepted, so each gets an answer."""
    while life.waiting:
        invocation = life.waiting.popleft()
        body = error_body(SANDBOX_FAILURE, "The execution environment is shutting down",
                          request_id=invocation.request_id)
        given = Answer(request_id=invocation.request_id, payload=body, error_type=SANDBOX_FAILURE)
        life.actions.append(AnswerCaller(answer=given))
        _record_answered(life, invocation, given, status=Status.FAILURE, produced_bytes=0)
        life.actions.append(Complete(request_id=invocation.request_id))


def _record_answered(
    life: Life, invocation: Invocation, given: Answer, *, status: Status, produced_bytes: int
) -> None:
    life.record("sim.answered", records.answered(
        invocation.request_id, status=status, error_type=given.error_type, produced_bytes=produced_bytes,
        answered_after_ms=duration_ms(invocation.accepted_at_ns, life.now_ns),
    ))


# --- ending --------------------------------------------------------------------------------------


def end_runtime_part(life: Life) -> None:
    open = open_of(life)
    open.runtime_done_ns = life.now_ns
    _record_runtime_done(life, open)


def measure_invoke(life: Life) -> None:
    open = open_of(life)
    life.disarm(INVOKE_TIMER)
    open.duration_ns = life.now_ns - open.began_ns
    life.actions.append(Measure())


def invoke_timed_out(life: Life) -> None:
    life.note_fault(timeout(life.spec.timeout_ms))


def fail_invoke(life: Life, fault: Fault) -> None:
    """Answers the caller, unless done, and closes the runtime's part; the report waits for the reset."""
    open = life.open
    if open is None:
        return
    life.disarm(INVOKE_TIMER)
    open.status, open.error_type = fault.status, fault.recorded_type
    if not open.started:
        _record_start(life, open)
    request_id = open.invocation.request_id
    body = error_body(fault.error_type, fault.text, request_id=request_id)
    answer(life, open, Answer(request_id=request_id, payload=body, error_type=fault.error_type), status=fault.status)
    if not open.runtime_reported:
        _record_runtime_done(life, open)
    open.holders.clear()
    if fault.status is Status.TIMEOUT:
        # AWS reports the configured limit here, not the moment at which the timer was served.
        open.duration_ns = life.spec.timeout_ms * NS_PER_MS
    else:
        open.duration_ns = life.now_ns - open.began_ns


def report_invoke(life: Life) -> None:
    open = open_of(life)
    measured = record_measurement(life, "invoke", request_id=open.invocation.request_id)
    metrics = records.report_metrics(
        life.spec, duration_ns=open.duration_ns or 0, init_ns=open.init_ns, max_memory_mb=measured,
    )
    spans: list[Fields] = []
    if open.subscribed and open.runtime_done_ns is not None and open.status is Status.SUCCESS:
        ended_ns = open.began_ns + (open.duration_ns or 0)
        spans.append(records.span("extensionOverhead", open.runtime_done_ns, ended_ns))
    life.record("platform.report", records.report(
        open.invocation.request_id, status=open.status, error_type=open.error_type, metrics=metrics, spans=spans,
        tracing=open.tracing,
    ))
    life.actions.append(Complete(request_id=open.invocation.request_id))
    life.open = None


def record_measurement(life: Life, phase: str, *, request_id: str | None = None) -> float:
    """Takes the measurement that was waited for; returns its peak in MB."""
    measured, life.measured = life.measured, None
    if measured is None:
        raise AssertionError(f"no measurement has arrived in {life.phase}")
    life.record("sim.measurement", records.measurement(phase, measured, request_id=request_id))
    return measured.max_memory_mb


def _record_start(life: Life, open: Open) -> None:
    open.started = True
    life.record("platform.start", records.start(open.invocation, version=life.spec.version, tracing=open.tracing))


def _record_runtime_done(life: Life, open: Open) -> None:
    open.runtime_reported = True
    began_ns = open.began_ns if open.delivered_ns is None else open.delivered_ns
    life.record("platform.runtimeDone", records.runtime_done(
        open.invocation.request_id, status=open.status, error_type=open.error_type,
        runtime_ms=duration_ms(began_ns, life.now_ns), produced_bytes=open.produced_bytes,
        spans=_runtime_spans(open, began_ns), tracing=open.tracing,
    ))


def _runtime_spans(open: Open, began_ns: int) -> list[Fields]:
    """Only what has ended: a response cut short has a latency and no duration."""
    spans: list[Fields] = []
    moments = (
        ("responseLatency", began_ns, open.response_began_ns),
        ("responseDuration", open.response_began_ns, open.response_ended_ns),
        ("runtimeOverhead", open.response_ended_ns, open.runtime_done_ns),
    )
    for name, start_ns, end_ns in moments:
        if start_ns is not None and end_ns is not None:
            spans.append(records.span(name, start_ns, end_ns))
    return spans


def open_of(life: Life) -> Open:
    if life.open is None:
        raise AssertionError(f"no invocation is open in {life.phase}")
    return life.open
