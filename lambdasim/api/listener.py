"""Accepts connections on a socket that somebody else made, and owns them until it is closed.

The socket may live in another network namespace; it may be TCP or Unix. What the connections speak is in `http`.
"""

import asyncio
import socket

from lambdasim.api.http import Connection
from lambdasim.api.messages import Application

MAX_CONNECTIONS = 256
"""Far above what ten extensions and a runtime hold open, far below what would exhaust the host's descriptors."""


class HttpListener:
    def __init__(self, application: Application, *, max_connections: int = MAX_CONNECTIONS) -> None:
        self._application = application
        self._max_connections = max_connections
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self, sock: socket.socket) -> None:
        """Takes over `sock`, bound or listening already: closing the listener closes it."""
        loop = asyncio.get_running_loop()
        if sock.family == socket.AF_UNIX:
            self._server = await loop.create_unix_server(self._connection, sock=sock)
        else:
            self._server = await loop.create_server(self._connection, sock=sock)

    def abort_connections(self) -> None:
        """Closes every connection at once, parked ones included, without a word to the application."""
        for connection in tuple(self._connections):
            connection.abort()

    async def close(self) -> None:
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        self.abort_connections()
        await server.wait_closed()

    def _connection(self) -> Connection:
        return Connection(self._application, self._connections, max_peers=self._max_connections)
