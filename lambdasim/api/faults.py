"""What a client may not do at the level of HTTP, and how it is told: limits, and the answers that end a connection.

The answers are worded like those of Go's net/http, which serves the Runtime API on AWS (RIE: rapi/server.go).
"""

from lambdasim.api.messages import Reply, header_lines

MAX_HEADERS_BYTES = 64 * 1024
"""All header and trailer fields of a request together, but for the one below."""
MAX_ERROR_CAUSE_BYTES = 1024 * 1024
"""AWS's runtime clients send X-Ray error causes of up to 1 MiB in a header of their own."""
MAX_PIPELINED = 8
"""Unanswered requests of one connection; with more of them it is not read until answers went out."""
LINGER_S = 0.5
"""How long a refused client may take to read its answer; Go's net/http waits as long before it closes."""


class Unacceptable(Exception):
    """Ends parsing with a reply, from inside a parser's callback."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def _fault(status: int, text: str) -> Reply:
    return Reply(status, text.encode(), header_lines(("Content-Type", "text/plain; charset=utf-8")))


BAD_REQUEST = _fault(400, "400 Bad Request")
NO_HOST = _fault(400, "400 Bad Request: missing required Host header")
BAD_EXPECTATION = _fault(417, "417 Expectation Failed")
HEAD_TOO_LARGE = _fault(431, "431 Request Header Fields Too Large")
BAD_VERSION = _fault(505, "505 HTTP Version Not Supported")
TOO_MANY_CONNECTIONS = _fault(503, "503 Service Unavailable: too many connections to this environment")
