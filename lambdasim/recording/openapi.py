"""The OpenAPI 3.1 document of the read API. What it says is checked against real answers by the tests."""

from collections.abc import Mapping
from typing import Any

import lambdasim
from lambdasim.core.values import Status
from lambdasim.recording.parameters import PARAMETERS

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
INTEGER: Schema = {"type": "integer"}
MAYBE_INTEGER: Schema = {"type": ["integer", "null"]}
NUMBER: Schema = {"type": "number"}
MAYBE_NUMBER: Schema = {"type": ["number", "null"]}
FLAG: Schema = {"type": "boolean"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
MAYBE_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}
EPOCH_US: Schema = {"type": "integer", "description": "Microseconds since the Unix epoch"}
MAYBE_EPOCH_US: Schema = {"type": ["integer", "null"], "description": "Microseconds since the Unix epoch"}


def record(description: str, /, **members: Schema) -> Schema:
    """An object that has exactly these members."""
    return {
        "type": "object", "description": description, "properties": members, "required": list(members),
        "additionalProperties": False,
    }


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def listed(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def type_text(schema: Mapping[str, Any]) -> str:
    """The type in words, for the page that shows this document."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    of = f" of {type_text(schema['items'])}" if "items" in schema else ""
    return " or ".join(kinds) + of


def described(schema: Schema, text: str) -> Schema:
    return {**schema, "description": text}


SCHEMAS: dict[str, Schema] = {
    "Function": record(
        "A function with its versions",
        name=TEXT, description=TEXT, versions=listed(ref("FunctionVersion")),
        summary=ref("FunctionSummary"),
    ),
    "FunctionVersion": record(
        "$LATEST, or a published version, which never changes",
        version=TEXT, description=TEXT, runtime=TEXT, handler=TEXT, memory_size_mb=INTEGER, timeout_ms=INTEGER,
        ephemeral_storage_mb=INTEGER, code_sha256=TEXT,
        layers=described(listed(TEXT), "name:number, in the order in which they are merged into /opt"),
        extensions=described(listed(TEXT), "External extensions found in the layers"),
    ),
    "FunctionSummary": record(
        "How often, how slow, what the extensions cost. A figure is null where no invocation defines it",
        invocations=described(INTEGER, "All that are kept"),
        sampled=described(INTEGER, "The newest, to which all other figures refer"),
        errors=INTEGER, cold_starts=INTEGER, last_seen=MAYBE_MOMENT,
        warm_duration_p50_ms=MAYBE_NUMBER, warm_duration_p95_ms=MAYBE_NUMBER,
        cold_duration_p50_ms=MAYBE_NUMBER, cold_duration_p95_ms=MAYBE_NUMBER,
        post_runtime_p50_ms=MAYBE_NUMBER, post_runtime_p95_ms=MAYBE_NUMBER,
    ),
    "Invocation": record(
        "The figures of one finished invocation. Those that are not defined for it are null",
        request_id=TEXT, function_name=TEXT, version=TEXT, environment_id=TEXT, cold_start=FLAG,
        status={"type": "string", "enum": [status.value for status in Status]}, error_type=MAYBE_TEXT,
        started_at=MOMENT, started_at_us=EPOCH_US,
        init_duration_ms=described(MAYBE_NUMBER, "First process started → last party's first next"),
        extension_init_ms={
            "type": "object", "additionalProperties": NUMBER,
            "description": "By extension: process started → its first event/next",
        },
        runtime_init_ms=described(MAYBE_NUMBER, "Runtime process started → handler module begins to load"),
        function_init_ms=described(MAYBE_NUMBER, "Handler module begins to load → the runtime's first next"),
        duration_ms=described(MAYBE_NUMBER, "Event handed out → runtime's next, plus the post-runtime time"),
        billed_duration_ms=described(MAYBE_INTEGER, "Duration rounded up, plus Init Duration on a cold start"),
        answered_after_ms=described(MAYBE_NUMBER, "Invocation accepted → answer complete"),
        post_runtime_extensions_duration_ms=described(
            MAYBE_NUMBER, "Runtime's next → last INVOKE-subscribed extension's next: a maximum, not a sum"
        ),
        max_memory_used_mb=described(MAYBE_NUMBER, "Peak of all processes of the environment in this invocation"),
        memory_size_mb=MAYBE_INTEGER, memory_method=described(MAYBE_TEXT, "The estimator of memory figures"),
        extensions=listed(ref("ExtensionFigures")),
        runtime=record("The runtime process", cpu_ms=MAYBE_NUMBER, max_memory_mb=MAYBE_NUMBER),
        report_line=MAYBE_TEXT, busy_until_us=EPOCH_US, answered_at_us=MAYBE_EPOCH_US, produced_bytes=MAYBE_INTEGER,
        first_seq=described(INTEGER, "The first and last event to replay for this invocation's picture"),
        last_seq=INTEGER,
    ),
    "ExtensionFigures": record(
        "What one extension cost in this invocation",
        name=TEXT,
        tail_ms=described(MAYBE_NUMBER, "Own next − runtime's next; null if it is not subscribed to INVOKE"),
        slack_ms=described(MAYBE_NUMBER, "Last extension's next − own next"),
        critical=described(FLAG, "It has the longest tail: it alone decided when the environment was free"),
        cpu_ms=MAYBE_NUMBER, max_memory_mb=MAYBE_NUMBER,
    ),
    "Environment": record(
        "One execution environment's life",
        environment_id=TEXT, function_name=TEXT, version=TEXT, created_at=MOMENT, ended_at=MAYBE_MOMENT,
        end_reason=MAYBE_TEXT, alive=FLAG, last_seq=described(INTEGER, "Number of its newest event"),
        state=described({"type": "object"}, "Phase, holders and what the environment is made of"),
    ),
    "Event": {
        "type": "object",
        "description": "The Telemetry API's envelope with its place in the environment's life; one line each",
        "properties": {
            "seq": described(INTEGER, "Gapless in the environment, from 1"),
            "at_ns": described(INTEGER, "Nanoseconds since the Unix epoch, never running backwards"),
            "time": MOMENT, "type": TEXT, "record": {"type": ["object", "string"]},
            "party": described(TEXT, "Whose lane it belongs to; absent for the platform's"),
        },
        "required": ["seq", "at_ns", "time", "type", "record"],
        "additionalProperties": False,
    },
    "Error": record("What is wrong with the request", error=record("", field=TEXT, problem=TEXT)),
    "Health": record(
        "Whether all parts answer",
        ok=FLAG, parts={"type": "object", "additionalProperties": record("One part", ok=FLAG, says=TEXT)},
    ),
}


def answer(description: str, schema: Schema, content_type: str = "application/json") -> Schema:
    return {"description": description, "content": {content_type: {"schema": schema}}}


def operation(
    summary: str, ok: Schema, *, path: Mapping[str, str] | None = None, query: tuple[str, ...] = ()
) -> Schema:
    """`path` and `query` name the parameters; whoever has some can get them wrong."""
    given: list[Schema] = [
        {"name": name, "in": "path", "required": True, "schema": TEXT, "description": text}
        for name, text in (path or {}).items()
    ]
    given += [
        {
            "name": name, "in": "query", "required": False, "schema": dict(PARAMETERS[name].schema),
            "description": PARAMETERS[name].description,
        }
        for name in query
    ]
    responses = {"200": ok, "400": answer("A parameter is wrong", ref("Error"))}
    if path:
        responses["404"] = answer("There is none", ref("Error"))
    return {"get": {"summary": summary, "parameters": given, "responses": responses}}


ENVIRONMENT_ID = {"environment_id": "The environment's UUID"}

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "lambdasim read API",
        "version": lambdasim.__version__,
        "description": "Everything that was recorded of functions, environments and invocations. It only reads.",
    },
    "paths": {
        "/api/functions": operation(
            "Every function with its versions and a summary",
            answer("The functions by name", record("", functions=listed(ref("Function")))),
        ),
        "/api/functions/{name}/invocations": operation(
            "Finished invocations of a function, newest first",
            answer("The invocations", record("", invocations=listed(ref("Invocation")))),
            path={"name": "The function's name"}, query=("qualifier", "limit", "before"),
        ),
        "/api/invocations/{request_id}": operation(
            "One finished invocation", answer("Its figures", ref("Invocation")), path={"request_id": "Its request id"},
        ),
        "/api/environments": operation(
            "Environments, newest first",
            answer("The environments", record("", environments=listed(ref("Environment")))),
            query=("function_name", "version", "alive", "limit"),
        ),
        "/api/environments/{environment_id}": operation(
            "One environment", answer("Its life so far", ref("Environment")), path=ENVIRONMENT_ID,
        ),
        "/api/environments/{environment_id}/events": operation(
            "The environment's events, one JSON object a line, in order",
            answer("The events", ref("Event"), "application/x-ndjson"), path=ENVIRONMENT_ID, query=("after",),
        ),
        "/healthz": {
            "get": {
                "summary": "Do web, database, broker and a worker answer?",
                "parameters": [],
                "responses": {
                    "200": answer("All parts answer", ref("Health")),
                    "503": answer("One does not, and says which", ref("Health")),
                },
            }
        },
    },
    "components": {"schemas": SCHEMAS},
}
