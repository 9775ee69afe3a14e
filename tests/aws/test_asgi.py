"""The AWS surface against a made-up service: what goes in by HTTP, and what comes out."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from asgiref.testing import ApplicationCommunicator

from lambdasim.aws.asgi import application
from lambdasim.core.values import Status
from lambdasim.functions.queries import FunctionNotFound
from lambdasim.invocations import services
from lambdasim.invocations.errors import NoWorker, Throttled
from lambdasim.invocations.services import InvokeResult

INVOKE = "/2015-03-31/functions/hello/invocations"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Service:
    """Stands for invocations.services.invoke."""

    result: InvokeResult | Exception
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    async def invoke(self, name: str, qualifier: str | None, payload: bytes, **options: Any) -> InvokeResult:
        self.calls.append((name, qualifier, payload, options))
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def result(**changes: Any) -> InvokeResult:
    return InvokeResult(**{
        "status": Status.SUCCESS, "payload": b'"ok"', "error_type": None, "executed_version": "3",
        "request_id": "id-1", "log_tail": b"the log", **changes,
    })


@pytest_asyncio.fixture
async def service(monkeypatch) -> Service:
    service = Service(result())
    monkeypatch.setattr(services, "invoke", service.invoke)
    return service


async def ask(
    path: str = INVOKE, body: bytes = b"{}", *, method: str = "POST", query: str = "",
    headers: dict[str, str] | None = None, without: tuple[str, ...] = (), chunks: int = 1,
) -> Answer:
    sent = {"host": "127.0.0.1:8000", "authorization": "AWS4-HMAC-SHA256 x", **(headers or {})}
    scope = {
        "type": "http", "method": method, "path": path, "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items() if name not in without],
    }
    communicator = ApplicationCommunicator(application, scope)
    step = max(1, -(-len(body) // chunks))
    pieces = [body[at:at + step] for at in range(0, len(body), step)] or [b""]
    for index, piece in enumerate(pieces):
        await communicator.send_input({"type": "http.request", "body": piece, "more_body": index < len(pieces) - 1})
    start = await communicator.receive_output(5)
    content = await communicator.receive_output(5)
    await communicator.wait(5)
    return Answer(
        status=start["status"], headers={name.decode(): value.decode() for name, value in start["headers"]},
        body=content["body"],
    )


async def test_a_function_s_answer_comes_back_with_its_version_and_request_id(service):
    answer = await ask(body=b'{"a": 1}')
    assert (answer.status, answer.body) == (200, b'"ok"')
    assert answer.headers["x-amz-executed-version"] == "3"
    assert answer.headers["x-amzn-requestid"] == "id-1"
    assert "x-amz-function-error" not in answer.headers
    assert "x-amz-log-result" not in answer.headers
    assert service.calls == [
        ("hello", None, b'{"a": 1}', {"log_tail": False, "client_context": "", "trace_id": None})
    ]


async def test_a_function_error_is_a_200_that_says_so(service):
    service.result = result(error_type="ValueError", status=Status.ERROR, payload=b'{"errorType": "ValueError"}')
    answer = await ask()
    assert (answer.status, answer.headers["x-amz-function-error"]) == (200, "Unhandled")
    assert answer.json == {"errorType": "ValueError"}


async def test_the_log_tail_comes_in_base64(service):
    answer = await ask(headers={"x-amz-log-type": "Tail"})
    assert base64.b64decode(answer.headers["x-amz-log-result"]) == b"the log"
    assert service.calls[0][3]["log_tail"] is True


async def test_the_client_context_reaches_the_function_as_json(service):
    context = base64.b64encode(b'{"custom":\n {"a": 1}}').decode()
    await ask(headers={"x-amz-client-context": context})
    assert service.calls[0][3]["client_context"] == '{"custom":{"a":1}}'


@pytest.mark.parametrize("context", [
    "%%%", base64.b64encode(b"[1]").decode(), base64.b64encode(b"{").decode(), base64.b64encode(b"\xff").decode(),
    base64.b64encode(json.dumps({"a": "x" * 3000}).encode()).decode(),
])
async def test_a_bad_client_context_is_refused(service, context):
    answer = await ask(headers={"x-amz-client-context": context})
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (400, "InvalidRequestContentException")
    assert service.calls == []


async def test_the_tracing_header_is_completed(service):
    await ask(headers={"x-amzn-trace-id": "Root=1-2-3"})
    assert service.calls[0][3]["trace_id"] == "Root=1-2-3;Sampled=0"


@pytest.mark.parametrize("body", [b"{", b"nonsense", b"NaN", b"\xff", b'{"a": 1} x', b"[" * 100_000])
async def test_what_is_not_json_is_refused(service, body):
    answer = await ask(body=body)
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (400, "InvalidRequestContentException")
    assert answer.json["message"].startswith("Could not parse request body into json: ")
    assert answer.json["Type"] == "User"
    assert service.calls == []


async def test_no_payload_means_an_empty_object(service):
    await ask(body=b"")
    assert service.calls[0][2] == b"{}"


async def test_six_megabytes_pass_and_one_byte_more_does_not(service):
    largest = b'"' + b"x" * (6 * 1024 * 1024 - 2) + b'"'
    assert (await ask(body=largest, chunks=7)).status == 200
    answer = await ask(body=largest + b" ", chunks=7)
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (413, "RequestTooLargeException")


async def test_a_length_that_is_announced_too_large_is_refused_unread(service):
    answer = await ask(headers={"content-length": str(7 * 1024 * 1024)})
    assert answer.status == 413


async def test_the_qualifier_may_be_in_the_path_or_in_the_query(service):
    await ask(INVOKE.replace("hello", "hello:2"))
    await ask(query="Qualifier=2")
    assert [call[:2] for call in service.calls] == [("hello", "2"), ("hello", "2")]


async def test_an_unknown_function_is_a_404_in_aws_s_words(service):
    service.result = FunctionNotFound("hello", "9")
    answer = await ask()
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (404, "ResourceNotFoundException")
    assert answer.json == {
        "Type": "User", "Message": "Function not found: arn:aws:lambda:us-east-1:000000000000:function:hello:9",
    }


async def test_too_many_at_once_is_a_429_with_its_reason(service):
    service.result = Throttled(8)
    answer = await ask()
    assert (answer.status, answer.headers["retry-after"]) == (429, "1")
    assert answer.json["Reason"] == "ConcurrentInvocationLimitExceeded"
    assert answer.headers["x-amzn-errortype"] == "TooManyRequestsException"


async def test_a_failure_of_the_service_is_a_500_that_says_what_to_do(service):
    service.result = NoWorker()
    answer = await ask()
    assert (answer.status, answer.json["Type"]) == (500, "Service")
    assert "manage.py up" in answer.json["Message"]


async def test_a_defect_is_a_500_and_is_logged(service, caplog):
    service.result = ZeroDivisionError("a bug")
    answer = await ask()
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (500, "ServiceException")
    assert "a bug" not in answer.body.decode()
    assert "ZeroDivisionError" in caplog.text


async def test_events_are_refused_by_name(service):
    answer = await ask(headers={"x-amz-invocation-type": "Event"})
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (501, "InvalidParameterValueException")
    assert "X-Amz-Invocation-Type: Event" in answer.json["message"]
    assert service.calls == []


@pytest.mark.django_db(transaction=True)
async def test_a_dry_run_looks_the_function_up_and_runs_nothing(service):
    answer = await ask(headers={"x-amz-invocation-type": "DryRun"})
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (404, "ResourceNotFoundException")
    assert service.calls == []


@pytest.mark.parametrize(("name", "value", "status"), [
    ("x-amz-invocation-type", "Sometimes", 400), ("x-amz-log-type", "Head", 400),
    ("x-amz-tenant-id", "t", 501), ("x-amz-durable-execution-name", "d", 501),
])
async def test_other_choices_are_refused_by_name(service, name, value, status):
    answer = await ask(headers={name: value})
    assert answer.status == status
    assert name.lower() in answer.json["message"].lower()


@pytest.mark.parametrize(("method", "path", "operation"), [
    ("POST", "/2015-03-31/functions", "CreateFunction"), ("GET", "/2015-03-31/functions/", "ListFunctions"),
    ("GET", "/2015-03-31/functions/hello/configuration", "GetFunctionConfiguration"),
    ("DELETE", "/2015-03-31/functions/hello/aliases/live", "DeleteAlias"),
    ("GET", "/2015-03-31/event-source-mappings", "ListEventSourceMappings"),
])
async def test_operations_that_are_missing_are_named(service, method, path, operation):
    answer = await ask(path, method=method)
    assert answer.status == 501
    assert operation in answer.json["message"]


async def test_what_aws_does_not_have_is_a_404(service):
    answer = await ask("/2015-03-31/nonsense", method="GET")
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (404, "UnknownOperationException")


async def test_without_credentials_nothing_runs(service):
    answer = await ask(without=("authorization",))
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (403, "MissingAuthenticationTokenException")
    assert service.calls == []


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "", "127.0.0.1.evil.example"])
async def test_a_foreign_host_is_refused(service, host):
    answer = await ask(headers={"host": host})
    assert answer.status == 403
    assert service.calls == []


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:8000", "http://127.0.0.1:9000"])
async def test_a_page_from_elsewhere_may_not_invoke(service, origin):
    answer = await ask(headers={"origin": origin})
    assert answer.status == 403
    assert service.calls == []
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_a_preflight_gets_no_leave(service):
    answer = await ask(method="OPTIONS", headers={"origin": "https://evil.example"}, without=("authorization",))
    assert answer.status == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_our_own_pages_may(service):
    assert (await ask(headers={"origin": "http://127.0.0.1:8000"})).status == 200
