"""The least HTTP client that can time an Invoke: one connection, one write, one parse. Everybody has the same."""

import socket
import time


class HttpClient:
    def __init__(self, port: int, path: str, headers: dict[str, str] | None = None) -> None:
        self._address = ("127.0.0.1", port)
        self._socket: socket.socket | None = None
        lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Content-Type: application/json"]
        self._head = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in (headers or {}).items())])

    def connect(self) -> None:
        """Raises ConnectionRefusedError while nobody listens."""
        self._socket = socket.create_connection(self._address, timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def post(self, body: bytes) -> bytes:
        """The answer's body. Raises RuntimeError unless the status is 200 and the function did not fail."""
        if self._socket is None:
            self.connect()
        assert self._socket is not None
        self._socket.sendall(f"{self._head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, rest = data.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        while len(rest) < int(headers["content-length"]):
            rest += self._receive()
        if " 200 " not in lines[0] or "x-amz-function-error" in headers:
            raise RuntimeError(f"{lines[0]}: {rest[:300]!r}")
        if headers.get("connection", "").lower() == "close":
            self.close()
        return rest

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _receive(self) -> bytes:
        assert self._socket is not None
        if data := self._socket.recv(65536):
            return data
        raise ConnectionError(f"{self._address} closed the connection")


def connect_when_listening(client: HttpClient, *, patience_s: float = 30.0) -> None:
    deadline_s = time.monotonic() + patience_s
    while True:
        try:
            client.connect()
            return
        except ConnectionRefusedError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.0005)  # the resolution of a cold start's figure
