"""The supervisor's end of the socket to one launcher: requests with their answers, and what it reports by itself.

Messages are listed in `launcher.py`. Descriptors that come with one belong to who takes the message.
"""

import asyncio
import itertools
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from lambdasim.core.errors import LambdasimError
from lambdasim.host.errors import SandboxError

MAX_MESSAGE_BYTES = 1 << 16
MAX_FDS = 8
MESSAGES_PER_WAKEUP = 64
ANSWERS = frozenset({"spawned", "failed", "socket", "killed"})
"""Their first field is the id of the request."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Message:
    kind: str
    fields: list[bytes]
    fds: list[int]


class Control:
    """`on_message` gets what answers no request. That the launcher has ended is told by its process, not here."""

    def __init__(
        self, sock: socket.socket, loop: asyncio.AbstractEventLoop, *, on_message: Callable[[Message], None]
    ) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._loop = loop
        self._on_message = on_message
        self._identifiers = itertools.count(1)
        self._waiting: dict[bytes, tuple[Callable[[Message], None], asyncio.Future[Any]]] = {}
        self._is_open = True
        loop.add_reader(sock.fileno(), self._readable)

    def send(self, *fields: bytes, fds: Sequence[int] = ()) -> None:
        if not self._is_open:
            raise SandboxError(f"{fields[0].decode()}: the sandbox has ended; start a new environment")
        try:
            socket.send_fds(self._socket, [b"\0".join(fields)], list(fds))
        except OSError as error:
            raise SandboxError(f"{fields[0].decode()}: the launcher does not take messages: {error}") from error

    async def request(
        self, kind: bytes, *fields: bytes, fds: Sequence[int] = (), take: Callable[[Message], T]
    ) -> T:
        """What `take` makes of the answer, at once when it arrives: what follows it may already refer to it.

        Raises SandboxError when the sandbox ends first.
        """
        identifier = b"%d" % next(self._identifiers)
        answer: asyncio.Future[T] = self._loop.create_future()

        def taken(message: Message) -> None:
            # Also when the caller was cancelled: the message may carry descriptors, and a process was started.
            try:
                result = take(message)
            except LambdasimError as error:
                if not answer.done():
                    answer.set_exception(error)
                return
            if not answer.done():
                answer.set_result(result)

        self._waiting[identifier] = (taken, answer)
        try:
            self.send(kind, identifier, *fields, fds=fds)
        except SandboxError:
            del self._waiting[identifier]
            raise
        return await answer

    def _dispatch(self, message: Message) -> None:
        if message.kind in ANSWERS:
            taken, _ = self._waiting.pop(message.fields[0])
            taken(message)
        else:
            self._on_message(message)

    def _readable(self) -> None:
        for _ in range(MESSAGES_PER_WAKEUP):
            try:
                data, fds, _, _ = socket.recv_fds(self._socket, MAX_MESSAGE_BYTES, MAX_FDS)
            except BlockingIOError:
                return
            except ConnectionResetError:
                data, fds = b"", []
            if not data:
                self.close()
                return
            kind, *fields = data.split(b"\0")
            self._dispatch(Message(kind.decode(), fields, list(fds)))
            if not self._is_open:
                return

    def close(self) -> None:
        """The launcher sees the end of the socket and ends, and everything in the sandbox with it."""
        if self._is_open:
            self._is_open = False
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            for _, waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(SandboxError("the sandbox ended before it answered"))
