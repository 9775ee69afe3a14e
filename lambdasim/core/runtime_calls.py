"""Inputs of the Runtime API: validated against the tables first, so that a refused one changes nothing.

The request id is checked before the state. Answers that come after the invocation has failed are taken and discarded.
AWS: runtimes-api; RIE: internal/lambda/rapi/middleware/middleware.go, internal/lambda/core/states.go.
"""

from lambdasim.core.actions import Deliver
from lambdasim.core.delivery import park
from lambdasim.core.errors import IllegalTransition, InvalidRequestId, NotReady
from lambdasim.core.faults import FUNCTION_UNKNOWN, RUNTIME_INVALID_RESPONSE_MODE, refused_response_body
from lambdasim.core.inputs import (
    RuntimeInitError,
    RuntimeNext,
    RuntimeResponseBegan,
    RuntimeResponseEnded,
    RuntimeResponseFailed,
)
from lambdasim.core.invoking import answer, called_next
from lambdasim.core.life import Life, Open
from lambdasim.core.parties import RUNTIME, WANTED, Move, State
from lambdasim.core.phases import INVOKE_PHASES, NO_RUNTIME_PHASES
from lambdasim.core.roster import Party
from lambdasim.core.values import RUNTIME_PARTY, Answer, Status


def runtime_next(life: Life, input: RuntimeNext) -> None:
    runtime = _runtime(life)
    target = _target(runtime, Move.NEXT)
    if target is State.RUNNING:
        _deliver_again(life, runtime, input.call)
        return
    answered = runtime.state is State.RESPONDED
    life.set_state(runtime, target)
    runtime.initialised = True
    if answered:
        called_next(life, RUNTIME_PARTY)
    park(life, runtime, input.call)


def _deliver_again(life: Life, runtime: Party, call: object) -> None:
    open = life.open
    if open is not None and open.runtime_event is not None and life.phase in INVOKE_PHASES:
        life.actions.append(Deliver(call=call, event=open.runtime_event))
    else:
        # The invocation has failed meanwhile: nothing will come, the process is about to be ended.
        life.roster.park(runtime, call)


def response_began(life: Life, input: RuntimeResponseBegan) -> None:
    open = _open(life, input.request_id)
    runtime = _runtime(life)
    life.set_state(runtime, _target(runtime, Move.ERROR if input.is_error else Move.RESPONSE))
    open.response_began_ns = life.now_ns


def response_ended(life: Life, input: RuntimeResponseEnded) -> None:
    """A streamed response may turn out to be an error at its end, by its trailers."""
    open = _open(life, input.request_id)
    runtime = _runtime(life)
    life.set_state(runtime, _target(runtime, Move.BODY_ENDED))
    error_type = (input.error_type or FUNCTION_UNKNOWN) if input.is_error else None
    _respond(life, open, Answer(
        request_id=input.request_id, payload=input.payload, content_type=input.content_type, error_type=error_type,
    ), produced_bytes=0 if input.is_error else len(input.payload))


def response_failed(life: Life, input: RuntimeResponseFailed) -> None:
    open = _open(life, input.request_id)
    runtime = _runtime(life)
    refused_mode = input.error_type == RUNTIME_INVALID_RESPONSE_MODE
    life.set_state(runtime, _target(runtime, Move.MODE_REFUSED if refused_mode else Move.BODY_REFUSED))
    body = refused_response_body(
        input.error_type, request_id=input.request_id, produced_bytes=input.produced_bytes
    )
    _respond(life, open, Answer(request_id=input.request_id, payload=body, error_type=input.error_type),
             produced_bytes=input.produced_bytes)


def _respond(life: Life, open: Open, given: Answer, *, produced_bytes: int) -> None:
    open.response_ended_ns = life.now_ns
    if not open.runtime_reported:
        open.produced_bytes = produced_bytes
    answer(life, open, given, status=Status.SUCCESS if given.error_type is None else Status.ERROR)


def init_error(life: Life, input: RuntimeInitError) -> None:
    """An invocation that waits for this init is answered with it; the init itself ends with the process."""
    runtime = _runtime(life)
    target = _target(runtime, Move.INIT_ERROR)
    life.set_state(runtime, target)
    runtime.error_type = input.error_type
    life.note_fatal_type(input.error_type)
    if life.open is not None:
        answer(life, life.open, Answer(
            request_id=life.open.invocation.request_id, payload=input.payload, content_type=input.content_type,
            error_type=input.error_type,
        ), status=Status.ERROR)


def _runtime(life: Life) -> Party:
    if life.roster.runtime is None or life.phase in NO_RUNTIME_PHASES:
        raise NotReady(f"no runtime is expected in phase {life.phase}")
    return life.roster.runtime


def _target(runtime: Party, move: Move) -> State:
    target = RUNTIME[runtime.state].get(move)
    if target is None:
        raise IllegalTransition(RUNTIME_PARTY, runtime.state, WANTED[move])
    return target


def _open(life: Life, request_id: str) -> Open:
    if life.open is None or life.open.invocation.request_id != request_id:
        raise InvalidRequestId(f"Invalid request ID {request_id}")
    return life.open
