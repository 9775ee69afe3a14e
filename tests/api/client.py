"""A client that sends exactly the bytes it is given, and reads answers one by one."""

import asyncio
import json
import socket
import struct
from dataclasses import dataclass
from typing import Any

LIMIT_S = 5
"""Nothing in these tests may take longer: an answer that does not come is a failure, not a hang."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str, str]:
        return self.status, self.json["errorType"], self.json["errorMessage"]


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, port: int) -> "Client":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def end(self) -> "Client":
        self.writer.write_eof()
        return self

    def reset(self) -> None:
        """Ends the connection with an RST instead of a FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """`Lambda_Extension_Name="x"` is sent as `Lambda-Extension-Name: x`."""
        self.send(request(method, path, body, **headers))
        return await self.answer(bodiless=method == "HEAD")

    async def answer(self, *, bodiless: bool = False) -> Answer:
        async with asyncio.timeout(LIMIT_S):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("utf-8")
            status_line, *lines = head[:-4].split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines)
            length = 0 if bodiless else int(headers.get("Content-Length", 0))
            return Answer(int(status_line.split(" ")[1]), headers, await self.reader.readexactly(length))

    async def rest(self) -> bytes:
        """Everything until the server closes."""
        async with asyncio.timeout(LIMIT_S):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            return  # the server was faster


def request(method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")
