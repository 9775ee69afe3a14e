"""Telemetry and Logs API: a known extension is told that there is nothing here (RIE: runtimelogs_stub.go)."""

import pytest

from tests.api.builders import REGISTER
from tests.api.client import Client

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize(("path", "body"), [
    ("/2022-07-01/telemetry",
     b'{"errorMessage":"Telemetry API is not supported","errorType":"Telemetry.NotSupported"}\n'),
    ("/2020-08-15/logs", b'{"errorMessage":"Logs API is not supported","errorType":"Logs.NotSupported"}\n'),
])
async def test_a_registered_extension_is_told_that_it_is_not_supported(client: Client, path: str, body: bytes):
    registered = await client.ask("POST", REGISTER, b"{}", Lambda_Extension_Name="spy")
    identifier = registered.headers["Lambda-Extension-Identifier"]
    answer = await client.ask("PUT", path, b'{"types":["platform"]}', Lambda_Extension_Identifier=identifier.upper())
    assert (answer.status, answer.body) == (202, body)
    assert answer.headers["Content-Type"] == "application/json"


async def test_a_reset_forgets_the_registrations(client: Client, connect, server):
    registered = await client.ask("POST", REGISTER, b"{}", Lambda_Extension_Name="spy")
    identifier = registered.headers["Lambda-Extension-Identifier"]
    server.drop_all()
    answer = await (await connect()).ask("PUT", "/2020-08-15/logs", b"{}", Lambda_Extension_Identifier=identifier)
    assert answer.error == (403, "Extension.UnknownExtensionIdentifier", f"Unknown extension {identifier}")
