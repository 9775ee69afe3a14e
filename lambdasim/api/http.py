"""HTTP/1.1 on one connection: bytes to requests, replies to bytes. Knows no routes and no Lambda.

How this works: requests queue up in the order of their heads, and only the first of the queue is handed to the
application, so pipelined requests never overtake a parked one. Whatever ends the input (EOF, malformed bytes,
`Connection: close`) leaves the queue to be worked off, marks an incomplete request as broken, and closes after the
last answer. The application is called from the event loop and may answer at once or later, once.
Behaviour follows Go's net/http, on which AWS's Runtime Interface Emulator is built (RIE: rapi/server.go).
"""

import asyncio
from collections import deque
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from lambdasim.api.faults import (
    BAD_EXPECTATION,
    BAD_REQUEST,
    BAD_VERSION,
    HEAD_TOO_LARGE,
    LINGER_S,
    MAX_ERROR_CAUSE_BYTES,
    MAX_HEADERS_BYTES,
    MAX_PIPELINED,
    NO_HOST,
    TOO_MANY_CONNECTIONS,
    Unacceptable,
)
from lambdasim.api.messages import Application, Reply, Request, render

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_ERROR_CAUSE = b"lambda-runtime-function-xray-error-cause"
_FRAMING = (b"content-length", b"transfer-encoding")


class Connection(asyncio.Protocol):
    def __init__(self, application: Application, peers: set["Connection"], *, max_peers: int) -> None:
        self._application = application
        self._peers = peers
        self._max_peers = max_peers
        self._admitted = True
        self._transport: asyncio.Transport
        self._parser = HttpRequestParser(self)
        self._queue: deque[Request] = deque()
        self._advancing = False
        # input
        self._reading: Request | None = None
        self._header_bytes = 0
        self._unproductive_bytes = 0
        self._upgrade_offered = False
        self._body_only = False
        self._input_ended = False
        self._reading_paused = False
        # output
        self._writing_paused = False
        self._last_words: Reply | None = None
        self._lingers = False
        self._linger: asyncio.TimerHandle | None = None
        self._closing = False

    # --- transport -------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        crowd = len(self._peers)
        self._peers.add(self)
        if crowd >= 2 * self._max_peers:
            self.abort()
        elif crowd >= self._max_peers and sum(peer._admitted for peer in self._peers) > self._max_peers:
            self._admitted = False
            self._end_input(TOO_MANY_CONNECTIONS)

    def data_received(self, data: bytes) -> None:
        if self._input_ended:
            return
        self._unproductive_bytes += len(data)
        try:
            self._feed(data)
        except HttpParserError as error:
            # Bytes behind a request that closes the connection are an error to the parser, but nobody's concern.
            if not self._input_ended:
                refusal = error.__context__
                self._end_input(refusal.reply if isinstance(refusal, Unacceptable) else BAD_REQUEST)
        else:
            if self._unproductive_bytes > MAX_HEADERS_BYTES + MAX_ERROR_CAUSE_BYTES and not self._input_ended:
                self._end_input(HEAD_TOO_LARGE)
        if len(self._queue) > MAX_PIPELINED and not self._closing:
            self._reading_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """False closes the transport."""
        if self._closing:
            return False
        if self._queue and self._queue[0].finished and not self._application.keeps_half_closed:
            self._abandon()
            return False
        if not self._input_ended:
            partial_head = self._reading is not None and not self._reading.headed
            self._end_input(BAD_REQUEST if partial_head else None)
        return not self._closing

    def connection_lost(self, exc: Exception | None) -> None:
        self._peers.discard(self)
        if self._linger is not None:
            self._linger.cancel()
        self._abandon()
        del self._parser  # it and this object hold each other

    def pause_writing(self) -> None:
        self._writing_paused = True

    def resume_writing(self) -> None:
        self._writing_paused = False
        self._advance()

    def abort(self) -> None:
        """Closes at once and tells the application nothing: whoever was at the other end is known to be dead."""
        self._queue.clear()
        self._input_ended = self._closing = True
        self._transport.abort()

    # --- parser ----------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if not self._body_only:
            self._reading = Request(self)
            self._header_bytes = 0

    def on_url(self, part: bytes) -> None:
        if not self._body_only:
            self._request.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._body_only:
            return
        request = self._request
        name = name.lower()
        if name != _ERROR_CAUSE:
            self._header_bytes += len(name) + len(value)
        if self._header_bytes > MAX_HEADERS_BYTES or len(value) > MAX_ERROR_CAUSE_BYTES:
            raise Unacceptable(HEAD_TOO_LARGE)
        (request.trailers if request.headed else request.headers).setdefault(name, value)

    def on_headers_complete(self) -> None:
        if self._body_only:
            self._body_only = False
            return
        if self._input_ended:
            raise Unacceptable(BAD_REQUEST)  # the request before in these very bytes brought the end: nobody answers
        request, parser = self._request, self._parser
        version = parser.get_http_version()
        request.method = parser.get_method().decode()
        request.http_minor = 0 if version == "1.0" else 1
        request.keep_alive = parser.should_keep_alive() and request.method != "CONNECT"
        if version not in ("1.0", "1.1"):
            raise Unacceptable(BAD_REQUEST if version == "0.9" else BAD_VERSION)
        if version == "1.1":
            if b"host" not in request.headers:
                raise Unacceptable(NO_HOST)
            if expectation := request.header(b"expect").lower():
                if expectation != "100-continue":
                    raise Unacceptable(BAD_EXPECTATION)
                request.expects_continue = True
        self._upgrade_offered = parser.should_upgrade() and request.method != "CONNECT"
        self._unproductive_bytes = 0
        request.headed = True
        self._queue.append(request)
        self._advance()

    def on_body(self, data: bytes) -> None:
        self._unproductive_bytes = 0
        self._request.add_body(data)

    def on_message_complete(self) -> None:
        if self._upgrade_offered:
            return
        request = self._request
        request.whole = True
        self._reading = None
        self._unproductive_bytes = 0
        if not request.keep_alive:
            self._input_ended = True
        self._advance()

    @property
    def _request(self) -> Request:
        assert self._reading is not None, "the parser opens every message"
        return self._reading

    def _feed(self, data: bytes) -> None:
        """Goes on in HTTP/1.1 where a client offers another protocol, as Go does: Java's HttpClient offers h2c with
        every request. The parser takes what follows such a head for that protocol, so a fresh one is told how the
        body is framed."""
        rest = memoryview(data)
        while True:
            try:
                self._parser.feed_data(rest)
                return
            except HttpParserUpgrade as upgrade:
                if self._input_ended:
                    return
                rest = rest[upgrade.args[0]:]
            self._upgrade_offered = False
            self._body_only = True
            headers = self._request.headers
            framing = [b"%b: %b\r\n" % (name, headers[name]) for name in _FRAMING if name in headers]
            self._parser = HttpRequestParser(self)
            self._parser.feed_data(b"POST / HTTP/1.1\r\n" + b"".join(framing) + b"\r\n")

    # --- queue -----------------------------------------------------------------------------------

    def answer(self, request: Request, reply: Reply) -> None:
        if not self._queue or self._queue[0] is not request:
            return
        self._queue.popleft()
        request.answered = True
        keep_alive = request.keep_alive and not request.broken
        self._transport.write(
            render(reply, method=request.method, http_minor=request.http_minor, keep_alive=keep_alive)
        )
        self._advance()

    def _advance(self) -> None:
        """Works the queue off as far as it goes. Answering comes back here, hence the guard."""
        if self._advancing:
            return
        self._advancing = True
        try:
            while self._queue and not self._writing_paused and self._step(self._queue[0]):
                pass
        finally:
            self._advancing = False
        if self._input_ended and not self._queue:
            self._close_down()
        elif self._reading_paused and len(self._queue) <= MAX_PIPELINED:
            self._reading_paused = False
            self._transport.resume_reading()

    def _step(self, request: Request) -> bool:
        """Whether the request is answered, so that the next one can have its turn."""
        if not request.begun:
            request.begun = True
            self._application.begin(request)
            if request.expects_continue and not request.whole and not request.body_bytes and not self._closing:
                self._transport.write(_CONTINUE)
        reply: Reply | None
        if request.broken:
            reply = self._application.cut_off(request)
        elif request.whole and not request.finished:
            request.finished = True
            reply = self._application.finish(request)
        else:
            return False
        if reply is not None:
            self.answer(request, reply)
        return request.answered

    # --- end -------------------------------------------------------------------------------------

    def _end_input(self, fault: Reply | None) -> None:
        """No more requests. A request that was cut short is answered as such, anything else with `fault`."""
        self._input_ended = True
        self._lingers = fault is not None
        if self._reading is not None and self._reading.headed:
            self._reading.broken = True
        else:
            self._last_words = fault
        self._advance()

    def _close_down(self) -> None:
        if self._closing:
            return
        self._closing = True
        if self._last_words is not None:
            self._transport.write(render(self._last_words, method="", http_minor=1, keep_alive=False))
        if self._lingers and self._transport.can_write_eof():
            # Closing with unread bytes would reset the connection and take the answer away from the client.
            self._transport.write_eof()
            self._linger = asyncio.get_running_loop().call_later(LINGER_S, self._transport.abort)
        else:
            self._transport.close()

    def _abandon(self) -> None:
        """The client has gone: whatever is still open is over, and the application is told about its own part."""
        head = self._queue[0] if self._queue else None
        self._queue.clear()
        self._input_ended = self._closing = True
        if head is None or not head.begun:
            return
        if head.finished:
            self._application.dropped(head)
        else:
            self._application.cut_off(head)
