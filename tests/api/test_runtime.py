"""The Runtime API as a runtime sees it: every status, header and body (AWS: runtimes-api; RIE: rapi/handler)."""

import base64
import json

import pytest

from lambdasim.core.errors import IllegalTransition, InvalidRequestId, NotReady
from lambdasim.core.inputs import (
    CallDropped,
    RuntimeInitError,
    RuntimeNext,
    RuntimeResponseBegan,
    RuntimeResponseEnded,
    RuntimeResponseFailed,
)
from tests.api.builders import (
    ARN,
    ERROR,
    INIT_ERROR,
    NEXT,
    REQUEST_ID,
    RESPONSE,
    TRACE_ID,
    invoke_event,
    runtime_event,
)
from tests.api.client import Client, request

pytestmark = pytest.mark.asyncio

LIMIT_BYTES = 6_291_556
OK = b'{"status":"OK"}\n'
NOT_ALLOWED = "State transition from {} to {} failed for runtime. Error: State transition is not allowed"


# --- next ----------------------------------------------------------------------------------------


async def test_a_parked_next_is_answered_with_the_event_and_its_headers(client: Client, server, gateway):
    client.send(request("GET", NEXT))
    call = (await gateway.wait_for(RuntimeNext)).call
    server.deliver(call, runtime_event(client_context='{"a":"é"}', cognito_identity='{"cognitoIdentityId":"1"}'))
    answer = await client.answer()
    assert (answer.status, answer.body) == (200, b'{"key": "value"}')
    assert {name: answer.headers[name] for name in answer.headers if name.startswith("Lambda-")} == {
        "Lambda-Runtime-Aws-Request-Id": REQUEST_ID,
        "Lambda-Runtime-Deadline-Ms": "1700000000123",
        "Lambda-Runtime-Invoked-Function-Arn": ARN,
        "Lambda-Runtime-Trace-Id": TRACE_ID,
        "Lambda-Runtime-Client-Context": '{"a":"é"}',
        "Lambda-Runtime-Cognito-Identity": '{"cognitoIdentityId":"1"}',
    }
    assert answer.headers["Content-Type"] == "application/json"
    assert "Date" in answer.headers


async def test_headers_without_a_value_are_left_out(client: Client, server, gateway):
    gateway.reactions[RuntimeNext] = lambda input: server.deliver(input.call, runtime_event(content_type=""))
    answer = await client.ask("GET", NEXT)
    assert not {"Lambda-Runtime-Client-Context", "Lambda-Runtime-Cognito-Identity"} & set(answer.headers)
    assert answer.headers["Content-Type"] == "application/json"


async def test_a_line_break_in_a_value_does_not_end_the_header(client: Client, server, gateway):
    event = runtime_event(client_context='{"a":\r\n"b"}', content_type="text/plain")
    gateway.reactions[RuntimeNext] = lambda input: server.deliver(input.call, event)
    answer = await client.ask("GET", NEXT)
    assert answer.headers["Lambda-Runtime-Client-Context"] == '{"a":  "b"}'
    assert answer.headers["Content-Type"] == "text/plain"


async def test_an_event_of_full_size_arrives_whole(client: Client, server, gateway):
    payload = bytes(range(256)) * (LIMIT_BYTES // 256)
    gateway.reactions[RuntimeNext] = lambda input: server.deliver(input.call, runtime_event(payload=payload))
    assert (await client.ask("GET", NEXT)).body == payload
    assert (await client.ask("GET", "/2018-06-01/ping")).body == b"pong"


async def test_two_parked_next_calls_are_two_calls(client: Client, connect, server, gateway):
    other = await connect()
    client.send(request("GET", NEXT))
    await gateway.wait_for(RuntimeNext)
    other.send(request("GET", NEXT))
    await gateway.wait_for(RuntimeNext, 2)
    for input in gateway.received(RuntimeNext):
        server.deliver(input.call, runtime_event())
    assert (await client.answer()).body == (await other.answer()).body == b'{"key": "value"}'


async def test_a_next_whose_connection_closes_is_reported_as_dropped(client: Client, server, gateway):
    client.send(request("GET", NEXT))
    call = (await gateway.wait_for(RuntimeNext)).call
    await client.close()
    assert (await gateway.wait_for(CallDropped)).call is call
    server.deliver(call, runtime_event())  # too late, and harmless
    assert gateway.inputs == [RuntimeNext(call=call), CallDropped(call=call)]


async def test_a_next_whose_client_ends_its_side_is_dropped_and_closed(client: Client, gateway):
    client.send(request("GET", NEXT))
    await gateway.wait_for(RuntimeNext)
    client.end()
    await gateway.wait_for(CallDropped)
    assert await client.rest() == b""


async def test_only_the_first_delivery_to_a_call_counts(client: Client, server, gateway):
    client.send(request("GET", NEXT))
    call = (await gateway.wait_for(RuntimeNext)).call
    server.deliver(call, runtime_event(payload=b"1"))
    server.deliver(call, runtime_event(payload=b"2"))
    assert (await client.answer()).body == b"1"
    assert (await client.ask("GET", "/2018-06-01/ping")).body == b"pong"


async def test_a_late_delivery_does_not_answer_the_next_call_on_the_same_connection(client: Client, server, gateway):
    client.send(request("GET", NEXT))
    first = (await gateway.wait_for(RuntimeNext)).call
    server.deliver(first, runtime_event(payload=b"1"))
    client.send(request("GET", NEXT))
    second = (await gateway.wait_for(RuntimeNext, 2)).call
    server.deliver(first, runtime_event(payload=b"late"))
    server.deliver(second, runtime_event(payload=b"2"))
    assert [(await client.answer()).body for _ in range(2)] == [b"1", b"2"]


async def test_a_next_whose_connection_is_reset_is_reported_as_dropped(client: Client, gateway):
    client.send(request("GET", NEXT))
    call = (await gateway.wait_for(RuntimeNext)).call
    client.reset()
    assert (await gateway.wait_for(CallDropped)).call is call


async def test_it_refuses_to_deliver_to_a_foreign_call(server):
    with pytest.raises(TypeError, match="call: 'x'"):
        server.deliver("x", invoke_event())


# --- response and error --------------------------------------------------------------------------


async def test_a_response_begins_and_ends(client: Client, gateway):
    answer = await client.ask("POST", RESPONSE, b"\x00result", Content_Type="image/png")
    assert (answer.status, answer.body) == (202, OK)
    assert answer.headers["Content-Type"] == "application/json"
    assert gateway.inputs == [
        RuntimeResponseBegan(request_id=REQUEST_ID, is_error=False),
        RuntimeResponseEnded(
            request_id=REQUEST_ID, payload=b"\x00result", content_type="image/png", is_error=False
        ),
    ]


async def test_the_beginning_of_a_response_is_reported_before_its_body_is_there(client: Client, gateway):
    whole = request("POST", RESPONSE, b"0123456789")
    client.send(whole[:-5])
    await gateway.wait_for(RuntimeResponseBegan)
    assert gateway.received(RuntimeResponseEnded) == []
    client.send(whole[-5:])
    assert (await client.answer()).status == 202
    assert gateway.received(RuntimeResponseEnded)[0].payload == b"0123456789"


@pytest.mark.parametrize(("given", "kept"), [
    ("Runtime.UnhandledError", "Runtime.UnhandledError"),
    ("Function.OrderNotFound", "Function.OrderNotFound"),
    ("My Runtime.Broken!", "My Runtime.Broken!"),
    ("Function.x", "Function.Unknown"),
    ("Runtime.x", "Runtime.Unknown"),
    ("ValueError", "Runtime.Unknown"),
    (None, "Runtime.Unknown"),
])
async def test_an_error_is_relayed_unchanged_under_a_sanitised_type(client: Client, gateway, given, kept: str):
    headers = {"Lambda_Runtime_Function_Error_Type": given} if given else {}
    body = b'{"errorMessage": "<b>", "errorType": "OrderNotFound"} '
    answer = await client.ask("POST", ERROR, body, Content_Type="application/x", **headers)
    assert (answer.status, answer.body) == (202, OK)
    assert gateway.inputs == [
        RuntimeResponseBegan(request_id=REQUEST_ID, is_error=True),
        RuntimeResponseEnded(
            request_id=REQUEST_ID, payload=body, content_type="application/x", is_error=True, error_type=kept
        ),
    ]


@pytest.mark.parametrize(("body", "payload", "content_type"), [
    ({"errorMessage": "m<", "errorType": "T", "stackTrace": ["a"], "errorCause": {"message": "c"}},
     b'{"errorMessage":"m\\u003c","errorType":"T","stackTrace":["a"]}', "application/json"),
    ({"errorType": "T"}, b'{"errorMessage":"","errorType":"T"}', "application/json"),
    (None, b'{"errorMessage":"","errorType":""}', "application/json"),
    ({"errorMessage": 1}, b'"Invalid error body"', "application/octet-stream"),
    ({"stackTrace": "a"}, b'"Invalid error body"', "application/octet-stream"),
    ([], b'"Invalid error body"', "application/octet-stream"),
])
async def test_the_error_cause_is_taken_out_of_an_error(client: Client, gateway, body, payload, content_type):
    await client.ask(
        "POST", ERROR, json.dumps(body).encode(), Content_Type="application/vnd.aws.lambda.error.cause+json"
    )
    ended = gateway.received(RuntimeResponseEnded)[0]
    assert (ended.payload, ended.content_type) == (payload, content_type)


async def test_an_error_cause_that_is_no_json_is_an_invalid_error_body(client: Client, gateway):
    await client.ask("POST", ERROR, b"oops", Content_Type="application/vnd.aws.lambda.error.cause+json")
    assert gateway.received(RuntimeResponseEnded)[0].payload == b'"Invalid error body"'


async def test_an_xray_cause_of_one_mebibyte_fits_into_the_header(client: Client, gateway):
    answer = await client.ask(
        "POST", ERROR, b"{}", Lambda_Runtime_Function_XRay_Error_Cause="c" * 1024 * 1024
    )
    assert answer.status == 202


@pytest.mark.parametrize("path", [RESPONSE, ERROR])
@pytest.mark.parametrize(("refused", "status", "error_type", "message"), [
    (InvalidRequestId("x"), 400, "InvalidRequestID", "Invalid request ID"),
    (IllegalTransition("runtime", "Ready", "InvocationResponse"), 403, "InvalidStateTransition",
     NOT_ALLOWED.format("Ready", "InvocationResponse")),
])
@pytest.mark.parametrize("when", [RuntimeResponseBegan, RuntimeResponseEnded])
async def test_a_refused_answer_is_drained_and_told_why(
    client: Client, gateway, path, refused, status, error_type, message, when
):
    gateway.failures[when] = refused
    answer = await client.ask("POST", path, b"x" * 1_000_000)
    assert answer.error == (status, error_type, message)
    assert answer.body == json.dumps(
        {"errorMessage": message, "errorType": error_type}, separators=(",", ":")
    ).encode() + b"\n"
    assert (await client.ask("GET", "/2018-06-01/ping")).body == b"pong"
    assert len(gateway.received(RuntimeResponseEnded)) == (when is RuntimeResponseEnded)


async def test_the_request_id_is_taken_from_the_path_as_it_is(client: Client, gateway):
    await client.ask("POST", "/2018-06-01/runtime/invocation/%41//response", b"")
    await client.ask("POST", "/2018-06-01/runtime/invocation/%41/response", b"")
    await client.ask("POST", "/2018-06-01/runtime/invocation//error", b"")
    assert [began.request_id for began in gateway.received(RuntimeResponseBegan)] == ["%41", ""]


# --- size, truncation, mode ----------------------------------------------------------------------


@pytest.mark.parametrize("path", [RESPONSE, ERROR])
async def test_a_body_of_exactly_the_limit_passes(client: Client, gateway, path: str):
    assert (await client.ask("POST", path, b"x" * LIMIT_BYTES)).status == 202
    assert len(gateway.received(RuntimeResponseEnded)[0].payload) == LIMIT_BYTES


@pytest.mark.parametrize("path", [RESPONSE, ERROR])
async def test_one_byte_more_is_413_and_a_failure_with_the_full_size(client: Client, gateway, path: str):
    answer = await client.ask("POST", path, b"x" * (LIMIT_BYTES + 1))
    assert answer.error == (
        413, "RequestEntityTooLarge", "Exceeded maximum allowed payload size (6291556 bytes)."
    )
    assert gateway.inputs[1:] == [RuntimeResponseFailed(
        request_id=REQUEST_ID, error_type="Function.ResponseSizeTooLarge", produced_bytes=LIMIT_BYTES + 1
    )]
    assert (await client.ask("GET", "/2018-06-01/ping")).body == b"pong"


async def test_an_oversized_chunked_body_is_counted_to_its_end(client: Client, gateway):
    client.send(f"POST {RESPONSE} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    for _ in range(7):
        client.send(b"100000\r\n" + b"x" * 0x100000 + b"\r\n")
        await client.writer.drain()
    client.send(b"0\r\n\r\n")
    assert (await client.answer()).status == 413
    assert gateway.received(RuntimeResponseFailed)[0].produced_bytes == 7 * 0x100000


@pytest.mark.parametrize("path", [RESPONSE, ERROR])
@pytest.mark.parametrize("head", [
    b"Content-Length: 10\r\n\r\n01234", b"Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n0\r\n",
])
async def test_a_truncated_body_is_a_failure_and_400(client: Client, gateway, path: str, head: bytes):
    client.send(f"POST {path} HTTP/1.1\r\nHost: x\r\n".encode() + head)
    client.end()
    answer = await client.answer()
    assert answer.error == (400, "TruncatedHTTPRequest", "HTTP request detected as truncated")
    assert answer.headers["Connection"] == "close"
    assert gateway.inputs[1:] == [RuntimeResponseFailed(
        request_id=REQUEST_ID, error_type="Runtime.TruncatedResponse", produced_bytes=5
    )]
    assert await client.rest() == b""


async def test_a_connection_that_breaks_within_a_body_is_a_truncated_response(client: Client, gateway):
    client.send(request("POST", RESPONSE, b"0123456789")[:-3])
    await gateway.wait_for(RuntimeResponseBegan)
    client.reset()
    assert (await gateway.wait_for(RuntimeResponseFailed)).error_type == "Runtime.TruncatedResponse"


async def test_a_refused_answer_that_is_cut_off_is_not_reported_again(client: Client, gateway):
    gateway.failures[RuntimeResponseBegan] = InvalidRequestId("x")
    client.send(request("POST", RESPONSE, b"0123456789")[:-3])
    client.end()
    assert (await client.answer()).error == (400, "InvalidRequestID", "Invalid request ID")
    assert len(gateway.inputs) == 1


async def test_another_response_mode_than_streaming_is_400_and_a_failure(client: Client, gateway):
    answer = await client.ask("POST", RESPONSE, b"x", Lambda_Runtime_Function_Response_Mode="Streaming")
    assert answer.error == (400, "InvalidFunctionResponseMode", "Invalid function response mode")
    assert gateway.inputs == [
        RuntimeResponseBegan(request_id=REQUEST_ID, is_error=False),
        RuntimeResponseFailed(
            request_id=REQUEST_ID, error_type="Runtime.InvalidResponseModeHeader", produced_bytes=0
        ),
    ]


async def test_the_request_id_is_checked_before_the_response_mode(client: Client, gateway):
    gateway.failures[RuntimeResponseBegan] = InvalidRequestId("x")
    answer = await client.ask("POST", RESPONSE, b"x", Lambda_Runtime_Function_Response_Mode="slow")
    assert answer.error == (400, "InvalidRequestID", "Invalid request ID")
    assert gateway.received(RuntimeResponseFailed) == []


# --- streaming -----------------------------------------------------------------------------------


def streamed(*trailers: str) -> bytes:
    head = f"POST {RESPONSE} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" \
        "Lambda-Runtime-Function-Response-Mode: streaming\r\nContent-Type: text/html\r\n" \
        "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n"
    return head.encode() + b"3\r\nabc\r\n3\r\ndef\r\n0\r\n" + "".join(f"{line}\r\n" for line in trailers).encode() \
        + b"\r\n"


@pytest.mark.parametrize("trailers", [
    [], ["Lambda-Runtime-Function-Error-Type: ", "Lambda-Runtime-Function-Error-Body: "],
])
async def test_a_stream_without_an_error_is_a_response(client: Client, gateway, trailers):
    client.send(streamed(*trailers))
    assert (await client.answer()).status == 202
    assert gateway.inputs[1] == RuntimeResponseEnded(
        request_id=REQUEST_ID, payload=b"abcdef", content_type="text/html", is_error=False
    )


@pytest.mark.parametrize(("error_body", "payload"), [
    (base64.b64encode(b'{"errorMessage":"m"}').decode(), b'{"errorMessage":"m"}'),
    ("not base64!", b"not base64!"),
    ("", b"abcdef"),
])
async def test_a_trailer_turns_a_stream_into_an_error(client: Client, gateway, error_body: str, payload: bytes):
    client.send(streamed(
        "Lambda-Runtime-Function-Error-Type: Function.Halfway", f"Lambda-Runtime-Function-Error-Body: {error_body}"
    ))
    assert (await client.answer()).status == 202
    assert gateway.inputs[1] == RuntimeResponseEnded(
        request_id=REQUEST_ID, payload=payload, content_type="application/json", is_error=True,
        error_type="Function.Halfway",
    )


# --- init error, and what the core or the host do ------------------------------------------------


@pytest.mark.parametrize(("body", "content_type"), [
    (b'{"errorMessage":"m"}', "application/json"), (b"oops", "application/octet-stream"),
])
async def test_an_init_error_is_relayed_with_the_type_of_its_body(client: Client, gateway, body, content_type):
    answer = await client.ask("POST", INIT_ERROR, body, Lambda_Runtime_Function_Error_Type="Runtime.ImportModuleError")
    assert (answer.status, answer.body) == (202, OK)
    assert gateway.inputs == [RuntimeInitError(
        payload=body, content_type=content_type, error_type="Runtime.ImportModuleError"
    )]


async def test_an_oversized_init_error_is_413_and_no_input(client: Client, gateway):
    assert (await client.ask("POST", INIT_ERROR, b"x" * (LIMIT_BYTES + 1))).status == 413
    assert gateway.inputs == []


async def test_a_truncated_init_error_is_400_and_no_input(client: Client, gateway):
    client.send(request("POST", INIT_ERROR, b"0123")[:-1])
    client.end()
    assert (await client.answer()).error[:2] == (400, "TruncatedHTTPRequest")
    assert gateway.inputs == []


@pytest.mark.parametrize(("method", "path", "input"), [
    ("GET", NEXT, RuntimeNext), ("POST", INIT_ERROR, RuntimeInitError),
])
@pytest.mark.parametrize(("refused", "error"), [
    (IllegalTransition("runtime", "InitError", "Ready"),
     (403, "InvalidStateTransition", NOT_ALLOWED.format("InitError", "Ready"))),
    (NotReady(), (500, "InternalServerError", "Internal Server Error")),
])
async def test_a_refused_call_is_told_why(client: Client, gateway, method, path, input, refused, error):
    gateway.failures[input] = refused
    body = b"{}" if method == "POST" else None
    assert (await client.ask(method, path, body)).error == error
    assert (await client.ask(method, path, body)).error == error  # the connection goes on


@pytest.mark.parametrize(("method", "path", "input"), [
    ("GET", NEXT, RuntimeNext), ("POST", RESPONSE, RuntimeResponseBegan), ("POST", ERROR, RuntimeResponseEnded),
])
async def test_a_failure_of_ours_is_logged_and_answered_with_500(client: Client, gateway, caplog, method, path, input):
    gateway.failures[input] = ZeroDivisionError("ours")
    answer = await client.ask(method, path, b"{}" if method == "POST" else None)
    assert answer.error == (500, "InternalServerError", "Internal Server Error")
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]
