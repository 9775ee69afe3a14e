"""The Extensions API as an extension sees it (AWS: runtimes-extensions-api; RIE: rapi/handler/agent*.go)."""

import uuid

import pytest

from lambdasim.core.errors import (
    ExtensionAlreadyRegistered,
    IllegalTransition,
    InvalidEventType,
    NotReady,
    RegistrationClosed,
    TooManyExtensions,
    UnknownExtension,
)
from lambdasim.core.inputs import CallDropped, ExtensionExitError, ExtensionInitError, ExtensionNext, ExtensionRegister
from lambdasim.core.values import ShutdownReason
from tests.api.builders import (
    ARN,
    EXTENSION_NEXT,
    IDENTIFIER,
    REGISTER,
    REQUEST_ID,
    TRACE_ID,
    invoke_event,
    shutdown_event,
)
from tests.api.client import Client, request

pytestmark = pytest.mark.asyncio

EXTENSION_INIT_ERROR = "/2020-01-01/extension/init/error"
EXIT_ERROR = "/2020-01-01/extension/exit/error"
TELEMETRY = "/2022-07-01/telemetry"
LOGS = "/2020-08-15/logs"
NOT_ALLOWED = "State transition from Registered to Registered failed for extension spy. Error: State transition is " \
    "not allowed"


# --- register ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("body", "events"), [
    (b'{"events":["INVOKE","SHUTDOWN"]}', ("INVOKE", "SHUTDOWN")),
    (b'{"events":["INVOKE"],"unknown":1}', ("INVOKE",)),
    (b'{"EVENTS":["INVOKE"]}', ("INVOKE",)),
    (b'{"events":[]}', ()),
    (b'{"events":null}', ()),
    (b'{"configurationKeys":[]}', ()),
    (b"{}", ()),
    (b"null", ()),
    (b'{"events":["FOO",null]}', ("FOO", "")),
])
async def test_registering_makes_an_identifier_and_describes_the_function(client: Client, gateway, body, events):
    answer = await client.ask(
        "POST", REGISTER, body, Lambda_Extension_Name="spy.sh", Content_Type="application/x-www-form-urlencoded"
    )
    identifier = answer.headers["Lambda-Extension-Identifier"]
    assert str(uuid.UUID(identifier)) == identifier
    assert gateway.inputs == [ExtensionRegister(name="spy.sh", identifier=identifier, events=events)]
    assert (answer.status, answer.body) == (
        200, b'{"functionName":"orders","functionVersion":"$LATEST","handler":"app.handler"}\n'
    )
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(("features", "told"), [
    ("accountId", True), (" x , accountId ,y", True), ("", False), ("accountid", False), ("accountIds", False),
])
async def test_the_account_id_comes_first_and_only_on_request(client: Client, features: str, told: bool):
    answer = await client.ask(
        "POST", REGISTER, b"{}", Lambda_Extension_Name="spy", Lambda_Extension_Accept_Feature=features
    )
    assert answer.body.startswith(b'{"accountId":"123456789012","functionName"') is told
    assert ("accountId" in answer.json) is told


@pytest.mark.parametrize(("name", "body", "error_type", "message"), [
    (None, b"oops", "Extension.InvalidExtensionName", "Empty extension name"),
    ("", b"{}", "Extension.InvalidExtensionName", "Empty extension name"),
    ("spy", b"", "InvalidRequestFormat", "unexpected end of JSON input"),
    ("spy", b"events=INVOKE", "InvalidRequestFormat", "invalid character 'e' looking for beginning of value"),
    ("spy", b'{"configurationKeys":["A"]}', "InvalidRequestFormat",
     "configurationKeys are deprecated; use environment variables instead"),
    ("spy", b'{"events":"INVOKE"}', "InvalidRequestFormat",
     "json: cannot unmarshal string into Go struct field .RegisterRequest.events of type []core.Event"),
    ("spy", b'{"events":[1]}', "InvalidRequestFormat",
     "json: cannot unmarshal number into Go struct field .RegisterRequest.events of type core.Event"),
    ("spy", b'{"configurationKeys":[true]}', "InvalidRequestFormat",
     "json: cannot unmarshal bool into Go struct field .configurationKeys of type string"),
    ("spy", b"[]", "InvalidRequestFormat",
     "json: cannot unmarshal array into Go value of type struct { handler.RegisterRequest; ConfigurationKeys "
     '[]string "json:\\"configurationKeys\\"" }'),
    ("spy", b"[" * 200_000, "InvalidRequestFormat", "exceeded max depth"),
    ("spy", b" " * 1_100_000, "InvalidRequestFormat", "http: request body too large"),
])
async def test_a_bad_registration_is_403_without_an_input(client: Client, gateway, name, body, error_type, message):
    headers = {} if name is None else {"Lambda_Extension_Name": name}
    assert (await client.ask("POST", REGISTER, body, **headers)).error == (403, error_type, message)
    assert gateway.inputs == []


async def test_a_registration_that_is_cut_off_is_no_input(client: Client, gateway):
    client.send(request("POST", REGISTER, b"{}", Lambda_Extension_Name="spy")[:-1])
    client.end()
    assert (await client.answer()).error == (403, "InvalidRequestFormat", "unexpected EOF")
    assert gateway.inputs == []


@pytest.mark.parametrize(("refused", "status", "error_type", "message"), [
    (InvalidEventType("FOO", "ErrorInvalidEventType"), 403, "Extension.InvalidEventType", "FOO: ErrorInvalidEventType"),
    (InvalidEventType("SHUTDOWN", "ShutdownEventNotSupportedForInternalExtension"), 403, "Extension.InvalidEventType",
     "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension"),
    (IllegalTransition("extension spy", "Registered", "Registered"), 403, "Extension.InvalidExtensionState",
     NOT_ALLOWED),
    (ExtensionAlreadyRegistered(), 403, "Extension.InvalidExtensionState",
     "Extension with this name already registered"),
    (RegistrationClosed(), 403, "Extension.RegistrationClosed", "Extension registration closed already"),
    (TooManyExtensions(10), 403, "Extension.TooManyExtensions", "Extension limit (10) reached"),
    (NotReady(), 500, "InternalServerError", "Internal Server Error"),
    (ZeroDivisionError(), 500, "InternalServerError", "Internal Server Error"),
])
async def test_a_refused_registration_is_told_why(client: Client, gateway, refused, status, error_type, message):
    gateway.failures[ExtensionRegister] = refused
    answer = await client.ask("POST", REGISTER, b"{}", Lambda_Extension_Name="spy")
    assert answer.error == (status, error_type, message)
    assert "Lambda-Extension-Identifier" not in answer.headers
    identifier = gateway.inputs[0].identifier
    unknown = await client.ask("PUT", TELEMETRY, b"{}", Lambda_Extension_Identifier=identifier)
    assert unknown.error == (403, "Extension.UnknownExtensionIdentifier", f"Unknown extension {identifier}")


# --- next ----------------------------------------------------------------------------------------


async def test_an_invoke_event_has_its_fields_in_order_and_all_headers(client: Client, server, gateway):
    client.send(request("GET", EXTENSION_NEXT, Lambda_Extension_Identifier=IDENTIFIER))
    server.deliver((await gateway.wait_for(ExtensionNext)).call, invoke_event())
    answer = await client.answer()
    assert answer.body.decode() == (
        '{"eventType":"INVOKE","deadlineMs":1700000000123,"requestId":"' + REQUEST_ID
        + '","invokedFunctionArn":"' + ARN + '","tracing":{"type":"X-Amzn-Trace-Id","value":"' + TRACE_ID + '"}}'
    )
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Lambda-Extension-Identifier"] == IDENTIFIER
    assert uuid.UUID(answer.headers["Lambda-Extension-Event-Identifier"]).version == 4


@pytest.mark.parametrize("reason", ShutdownReason)
async def test_a_shutdown_event_has_its_fields_in_order_and_all_headers(client: Client, server, gateway, reason):
    gateway.reactions[ExtensionNext] = lambda input: server.deliver(input.call, shutdown_event(reason))
    answer = await client.ask("GET", EXTENSION_NEXT, Lambda_Extension_Identifier=IDENTIFIER)
    assert answer.body.decode() == (
        '{"eventType":"SHUTDOWN","deadlineMs":1700000002000,"shutdownReason":"' + reason + '"}'
    )
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Lambda-Extension-Identifier"] == IDENTIFIER
    assert uuid.UUID(answer.headers["Lambda-Extension-Event-Identifier"])


@pytest.mark.parametrize("written", [
    IDENTIFIER, IDENTIFIER.upper(), f"urn:uuid:{IDENTIFIER}", f"{{{IDENTIFIER}}}", IDENTIFIER.replace("-", ""),
])
async def test_every_way_to_write_an_identifier_means_the_same(client: Client, server, gateway, written: str):
    gateway.reactions[ExtensionNext] = lambda input: server.deliver(input.call, invoke_event())
    answer = await client.ask("GET", EXTENSION_NEXT, Lambda_Extension_Identifier=written)
    assert answer.headers["Lambda-Extension-Identifier"] == IDENTIFIER
    assert gateway.inputs[0].identifier == IDENTIFIER


async def test_an_extension_that_closes_its_connection_drops_its_call(client: Client, server, gateway):
    client.send(request("GET", EXTENSION_NEXT, Lambda_Extension_Identifier=IDENTIFIER))
    call = (await gateway.wait_for(ExtensionNext)).call
    await client.close()
    assert (await gateway.wait_for(CallDropped)).call is call
    server.deliver(call, shutdown_event())


# --- identifiers ---------------------------------------------------------------------------------

IDENTIFIED = [
    ("GET", EXTENSION_NEXT), ("POST", EXTENSION_INIT_ERROR), ("POST", EXIT_ERROR), ("PUT", TELEMETRY), ("PUT", LOGS),
]


@pytest.mark.parametrize(("method", "path"), IDENTIFIED)
@pytest.mark.parametrize(("identifier", "error_type", "message"), [
    (None, "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header"),
    ("", "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header"),
    ("spy", "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier"),
    (IDENTIFIER[:-1], "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier"),
    (IDENTIFIER.replace("-", "_"), "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier"),
])
async def test_a_missing_or_malformed_identifier_is_403_without_an_input(
    client: Client, gateway, method, path, identifier, error_type, message
):
    headers = {} if identifier is None else {"Lambda_Extension_Identifier": identifier}
    assert (await client.ask(method, path, **headers)).error == (403, error_type, message)
    assert gateway.inputs == []


@pytest.mark.parametrize(("method", "path", "message"), [
    ("GET", EXTENSION_NEXT, f"Unknown extension {IDENTIFIER}"),
    ("PUT", TELEMETRY, f"Unknown extension {IDENTIFIER}"),
    ("PUT", LOGS, f"Unknown extension {IDENTIFIER}"),
    ("POST", EXTENSION_INIT_ERROR, "Unknown Lambda-Extension-Identifier"),
    ("POST", EXIT_ERROR, "Unknown Lambda-Extension-Identifier"),
])
async def test_an_unknown_identifier_is_403(client: Client, gateway, method, path, message):
    for input in (ExtensionNext, ExtensionInitError, ExtensionExitError):
        gateway.failures[input] = UnknownExtension(IDENTIFIER)
    answer = await client.ask(
        method, path, Lambda_Extension_Identifier=IDENTIFIER.upper(), Lambda_Extension_Function_Error_Type="E"
    )
    assert answer.error == (403, "Extension.UnknownExtensionIdentifier", message)


# --- init/error and exit/error -------------------------------------------------------------------

FATAL = [(EXTENSION_INIT_ERROR, ExtensionInitError), (EXIT_ERROR, ExtensionExitError)]


@pytest.mark.parametrize(("path", "input"), FATAL)
@pytest.mark.parametrize("body", [b"", b'{"errorMessage":"m"}', b"oops"])
async def test_a_fatal_error_is_accepted_whatever_its_body(client: Client, gateway, path, input, body):
    answer = await client.ask(
        "POST", path, body, Lambda_Extension_Identifier=IDENTIFIER,
        Lambda_Extension_Function_Error_Type="free text",
    )
    assert (answer.status, answer.body) == (202, b'{"status":"OK"}\n')
    assert gateway.inputs == [input(identifier=IDENTIFIER, error_type="free text")]


@pytest.mark.parametrize("path", [EXTENSION_INIT_ERROR, EXIT_ERROR])
async def test_a_fatal_error_needs_its_type(client: Client, gateway, path: str):
    answer = await client.ask("POST", path, b"{}", Lambda_Extension_Identifier=IDENTIFIER)
    assert answer.error == (403, "Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found")
    assert gateway.inputs == []


@pytest.mark.parametrize(("method", "path", "input"), [
    ("GET", EXTENSION_NEXT, ExtensionNext), *[("POST", path, input) for path, input in FATAL],
])
@pytest.mark.parametrize(("refused", "status", "error_type", "message"), [
    (IllegalTransition("extension spy", "Registered", "Registered"), 403, "Extension.InvalidExtensionState",
     NOT_ALLOWED),
    (NotReady(), 500, "InternalServerError", "Internal Server Error"),
])
async def test_a_refused_call_is_told_why(
    client: Client, gateway, method, path, input, refused, status, error_type, message
):
    gateway.failures[input] = refused
    for _ in range(2):
        answer = await client.ask(
            method, path, Lambda_Extension_Identifier=IDENTIFIER, Lambda_Extension_Function_Error_Type="E"
        )
        assert answer.error == (status, error_type, message)
