"""The read API: what is recorded, as JSON. Every view is: read the parameters, ask the queries, answer.

Nothing can be changed here; invoking is the AWS surface's business. Described for readers by openapi.py.
"""

from collections.abc import AsyncIterator, Callable
from functools import partial, wraps
from itertools import islice
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lambdasim.functions import queries as function_queries
from lambdasim.functions.models import Function, FunctionVersion
from lambdasim.recording import parameters, queries
from lambdasim.recording.openapi import DOCUMENT, type_text
from lambdasim.recording.threads import in_thread
from lambdasim.telemetry.event import TelemetryEvent, encode_lines

NDJSON = "application/x-ndjson"
EVENTS_A_CHUNK = 1_000


class NotFound(Exception):
    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem


View = Callable[..., HttpResponseBase]


def endpoint(*names: str) -> Callable[[Callable[..., Any]], View]:
    """A view of JSON: it gets its query parameters by name, and its errors are rendered here alone."""

    def decorate(view: Callable[..., Any]) -> View:
        @require_safe
        @wraps(view)
        def answer(request: HttpRequest, **path: str) -> HttpResponseBase:
            try:
                return JsonResponse(view(**path, **parameters.read(request.GET, names)))
            except parameters.BadParameter as error:
                return _error(400, error.field, error.problem)
            except NotFound as error:
                return _error(404, error.field, error.problem)

        return answer

    return decorate


@endpoint()
def functions() -> dict[str, Any]:
    return {"functions": [_function(function) for function in function_queries.list_functions()]}


@endpoint("qualifier", "limit", "before")
def invocations(name: str, *, qualifier: str | None, limit: int, before: int | None) -> dict[str, Any]:
    _known_function(name, qualifier)
    return {"invocations": queries.invocations(name, qualifier, limit=limit, before=before)}


@endpoint()
def invocation(request_id: str) -> dict[str, Any]:
    found = queries.invocation(request_id)
    if found is None:
        raise NotFound("request_id", f"nothing is recorded of invocation {request_id}")
    return found


@endpoint("function_name", "version", "alive", "limit")
def environments(*, function_name: str | None, version: str | None, alive: bool | None, limit: int) -> dict[str, Any]:
    return {"environments": queries.environments(function_name, version=version, alive=alive, limit=limit)}


@endpoint()
def environment(environment_id: str) -> dict[str, Any]:
    return _known_environment(environment_id)


async def events(request: HttpRequest, environment_id: str) -> HttpResponseBase:
    """The recorded events as NDJSON, sent as they are read: a long life does not have to fit into memory."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    try:
        after_seq = parameters.read(request.GET, ("after",))["after"]
        await in_thread(lambda: _known_environment(environment_id))
    except parameters.BadParameter as error:
        return _error(400, error.field, error.problem)
    except NotFound as error:
        return _error(404, error.field, error.problem)
    return StreamingHttpResponse(_lines(environment_id, after_seq), content_type=NDJSON)


@endpoint()
def openapi() -> dict[str, Any]:
    return DOCUMENT


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    operations = [
        {"path": path, "operation": item["get"], "parameters": item["get"]["parameters"]}
        for path, item in DOCUMENT["paths"].items()
    ]
    schemas = [
        {"name": name, "description": schema["description"], "members": [
            {"name": member, "type": type_text(of), "description": of.get("description", "")}
            for member, of in schema["properties"].items()
        ]}
        for name, schema in DOCUMENT["components"]["schemas"].items()
    ]
    ctx = {"info": DOCUMENT["info"], "operations": operations, "schemas": schemas}
    return render(request, "recording/api_docs.html", ctx)


async def _lines(environment_id: str, after_seq: int) -> AsyncIterator[bytes]:
    def chunk_after(seq: int) -> list[TelemetryEvent]:
        return list(islice(queries.events(environment_id, seq), EVENTS_A_CHUNK))

    while chunk := await in_thread(partial(chunk_after, after_seq)):
        yield encode_lines(chunk)
        after_seq = chunk[-1].seq


def _error(status: int, field: str, problem: str) -> JsonResponse:
    return JsonResponse({"error": {"field": field, "problem": problem}}, status=status)


def _known_function(name: str, qualifier: str | None) -> None:
    """A function that was deleted keeps its recordings, so either place may know it."""
    try:
        function_queries.find_version(name, qualifier)
    except function_queries.FunctionNotFound as error:
        if not queries.environments(name, version=qualifier, limit=1):
            raise NotFound("qualifier" if qualifier else "name", str(error)) from error


def _known_environment(environment_id: str) -> dict[str, Any]:
    found = queries.environment(environment_id)
    if found is None:
        raise NotFound("environment_id", f"nothing is recorded of environment {environment_id}")
    return found


def _function(function: Function) -> dict[str, Any]:
    return {
        "name": function.name,
        "description": function.description,
        "versions": [_version(version) for version in function.versions.all()],
        "summary": queries.function_summary(function.name).to_json(),
    }


def _version(version: FunctionVersion) -> dict[str, Any]:
    return {
        "version": version.version,
        "description": version.description,
        "runtime": version.runtime,
        "handler": version.handler,
        "memory_size_mb": version.memory_size_mb,
        "timeout_ms": version.timeout_ms,
        "ephemeral_storage_mb": version.ephemeral_storage_mb,
        "code_sha256": version.code_sha256,
        "layers": [str(attached.layer_version) for attached in version.attached_layers.all()],
        "extensions": function_queries.extensions_of(version),
    }
