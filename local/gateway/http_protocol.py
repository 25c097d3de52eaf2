"""The server's HTTP/1.1. Malformed requests never reach the application; they get the envelope here.

Bounds what a client may cost before its request is complete: the length of its head, the time until
head and body are there, and how often it sends what is no request.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fintegrate.http.envelope import dumps, envelope

HEAD_LIMIT = 64 * 1024  # bytes of a head, or of the trailers behind a body
HEAD_SECONDS = 10.0
BODY_SECONDS = 30.0
LOOK_SECONDS = 1.0
VERSIONS = ("1.0", "1.1")
HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=:%\[\]-]*")  # RFC 9110, 7.2
REASONS = {400: "Bad Request", 408: "Request Timeout", 429: "Too Many Requests"}
RefusedFor = Callable[[str], int]
"""Counts a request of an address: 0, or the seconds until it may send another."""


class WrongHead(Exception):
    """The request's head is refused; the text is for the client."""


class EnvelopeProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose own refusals use this project's envelope. Each answer is sent in one piece.

    The parser accepts a head of any length, so this class bounds heads and trailers.

    Args:
        refused_for: counts malformed requests; the application counts the others
    """

    def __init__(self, *args: Any, refused_for: RefusedFor = lambda _: 0, **options: Any) -> None:
        super().__init__(*args, **options)
        self._refused_for = refused_for
        self._unfinished = 0
        self._head = 0
        self._complaint = ""
        self._awaited: float | None = None
        self._patience = HEAD_SECONDS
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(OneWrite(transport, self.loop))  # type: ignore[arg-type]
        self._await(HEAD_SECONDS)
        self._watch = self.loop.call_later(LOOK_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def _await(self, seconds: float) -> None:
        """From now on the client has this long for its head, or for its body."""
        self._awaited, self._patience = self.loop.time(), seconds

    def _look(self) -> None:
        """End a connection whose request does not become complete; called once a second."""
        if self.transport.is_closing():
            return
        self._watch = self.loop.call_later(LOOK_SECONDS, self._look)
        if self._awaited is None:
            return
        if self.pipeline or not (self._is_idle() or self.cycle.more_body):
            self._await(
                self._patience
            )  # the client waits for us: an earlier request is not answered
        elif self.loop.time() - self._awaited > self._patience:
            self._give_up()

    def _is_idle(self) -> bool:
        """Whether every request that is complete has its answer."""
        return self.cycle is None or self.cycle.response_complete

    def _give_up(self) -> None:
        """Close. Who has sent part of a request, and has no answer to it yet, is told why."""
        if self._unfinished if self._is_idle() else not self.cycle.response_started:
            self._refuse(408, f"The request was not complete within {self._patience:g} seconds.")
        else:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Read on unless the head is too long."""
        self._unfinished += len(data)
        if self._awaited is None and self._is_idle():
            self._await(HEAD_SECONDS)
        super().data_received(data)
        if self._unfinished > HEAD_LIMIT and not self.transport.is_closing():
            self.send_400_response("The request's head is too long.")

    def on_message_begin(self) -> None:
        if self._awaited is None:
            self._await(HEAD_SECONDS)
        self._head = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._head += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head += len(name) + len(value) + len(": \r\n")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Pass the request on if its head is right. An error here makes the base class refuse it."""
        self._complaint = self._complaint_of_head()
        if self._complaint:
            raise WrongHead(self._complaint)
        self._await(BODY_SECONDS)
        super().on_headers_complete()

    def _complaint_of_head(self) -> str:
        if self._head > HEAD_LIMIT:
            return "The request's head is too long."
        version = self.parser.get_http_version()
        if version not in VERSIONS:
            return "The request's version is not supported."
        hosts = [value for name, value in self.headers if name == b"host"]
        if (
            len(hosts) > 1
            or (version == "1.1" and not hosts)
            or not all(map(HOST.fullmatch, hosts))
        ):
            return "The request must have one Host."  # RFC 9112, 3.2
        return ""

    def on_body(self, body: bytes) -> None:
        """Take a part of a body. The gateway bounds its length."""
        self._unfinished = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unfinished = 0
        self._awaited = None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, and close. It counts as one, so that it is not for nothing."""
        seconds = self._refused_for(self.client[0] if self.client else "127.0.0.1")
        if seconds:
            sentence = f"Too many requests came from this address; try again in {seconds} seconds"
            self._refuse(429, sentence, f"retry-after: {seconds}\r\n")
        else:
            self._refuse(400, f"{self._complaint or msg} Send well-formed HTTP/1.1.")

    def _refuse(self, status: int, sentence: str, headers: str = "") -> None:
        """Answer in the envelope and close the connection. The base class would answer in plain text."""
        body = dumps(envelope(status, {}, sentence)).encode()
        head = (
            f"HTTP/1.1 {status} {REASONS[status]}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nx-request-id: {uuid.uuid4()}\r\n{headers}"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


class OneWrite:
    """A transport that sends all that is written in one step of the loop together.

    uvicorn writes an answer's head and body separately. Each would cost a system call and a packet, and
    the client would wake twice.
    """

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._unsent: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send this before the loop's next step."""
        if not self._unsent:
            self._loop.call_soon(self._send)
        self._unsent.append(data)

    def close(self) -> None:
        """Send what remains, then close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._unsent:
            unsent, self._unsent = self._unsent, []
            self._transport.write(b"".join(unsent))
