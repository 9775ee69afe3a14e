"""Subscriptions to the Telemetry API and the Logs API: answered as in a sandbox that does not support them.

The identifier is checked as on AWS; then 202 says "not supported here", which clients take for no failure. AWS's own
local emulator answers the same (RIE: rapi/handler/runtimelogs_stub.go). AWS Lambda, telemetry-api, runtimes-logs-api.
"""

from lambdasim.api.identifiers import Identifiers, identifier_or_refusal
from lambdasim.api.messages import Reply, Request
from lambdasim.api.replies import EXTENSION_REFUSALS, LOGS_NOT_SUPPORTED, TELEMETRY_NOT_SUPPORTED
from lambdasim.api.routes import Endpoint, Routes
from lambdasim.core.errors import UnknownExtension


def routes(identifiers: Identifiers) -> Routes:
    return {
        "/2022-07-01/telemetry": {"PUT": Subscribe(identifiers, TELEMETRY_NOT_SUPPORTED)},
        "/2020-08-15/logs": {"PUT": Subscribe(identifiers, LOGS_NOT_SUPPORTED)},
    }


class Subscribe(Endpoint):
    refusals = EXTENSION_REFUSALS
    body_limit_bytes = 0

    def __init__(self, identifiers: Identifiers, reply: Reply) -> None:
        self._identifiers = identifiers
        self._reply = reply

    def finish(self, request: Request) -> Reply:
        identifier = identifier_or_refusal(request)
        if isinstance(identifier, Reply):
            return identifier
        if identifier not in self._identifiers:
            raise UnknownExtension(identifier)
        return self._reply
