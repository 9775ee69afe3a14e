"""The HTTP server inside one execution environment: Runtime, Extensions, Telemetry and Logs API on one socket.

Turns requests into inputs of the environment's `Gateway` and answers parked `next` calls with the events that come
back. Knows no phases, processes or time. AWS Lambda, runtimes-api; routes as in RIE: rapi/server.go.
"""

import socket

from lambdasim.api import extensions, runtime, subscriptions
from lambdasim.api.events import event_reply
from lambdasim.api.gateway import Gateway, RegistrationInfo
from lambdasim.api.identifiers import Identifiers
from lambdasim.api.listener import HttpListener
from lambdasim.api.messages import Request
from lambdasim.api.replies import EXTENSIONS_DISABLED
from lambdasim.api.routes import Router
from lambdasim.core.actions import InvokeEvent, RuntimeEvent, ShutdownEvent

__all__ = ["ApiServer", "Gateway", "RegistrationInfo"]

_OF_EXTENSIONS = ("2020-01-01", "2020-08-15", "2022-07-01")


class ApiServer:
    """Verbs: start, deliver, drop_all, close. To be used on one event loop."""

    def __init__(self, gateway: Gateway, *, extensions_enabled: bool = True) -> None:
        """With extensions disabled, everything that is meant for them answers 404 (RIE:
        rapi/middleware/middleware.go)."""
        self._identifiers: Identifiers = set()
        if extensions_enabled:
            router = Router({
                **runtime.routes(gateway),
                **extensions.routes(gateway, self._identifiers),
                **subscriptions.routes(self._identifiers),
            })
        else:
            router = Router(
                runtime.routes(gateway), switched_off={version: EXTENSIONS_DISABLED for version in _OF_EXTENSIONS}
            )
        self._listener = HttpListener(router)

    async def start(self, sock: socket.socket) -> None:
        """Serves on `sock`, which is bound or listening already."""
        await self._listener.start(sock)

    def deliver(self, call: object, event: RuntimeEvent | InvokeEvent | ShutdownEvent) -> None:
        """Answers a parked call. If its connection has closed in the meantime, nothing happens: the environment has
        been, or is just being told so with CallDropped."""
        if not isinstance(call, Request):
            raise TypeError(f"call: {call!r} is not a call that this server has parked")
        call.answer(event_reply(event, call.note or ""))

    def drop_all(self) -> None:
        """After a reset: closes every connection without a further input, and forgets the registrations."""
        self._identifiers.clear()
        self._listener.abort_connections()

    async def close(self) -> None:
        await self._listener.close()
