"""The server's HTTP/1.1. Malformed requests never reach the application; they get the envelope here."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fintegrate.http.envelope import dumps, envelope

HEAD_LIMIT = 64 * 1024  # bytes of a head, or of the trailers behind a body


class EnvelopeProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose own refusals use this project's envelope. Each answer is sent in one piece.

    The parser accepts a head of any length, so this class bounds heads and trailers.
    """

    _unfinished = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(OneWrite(transport, self.loop))  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        """Read on unless the head is too long."""
        self._unfinished += len(data)
        super().data_received(data)
        if self._unfinished > HEAD_LIMIT and not self.transport.is_closing():
            self.send_400_response("The request's head is too long.")

    def on_body(self, body: bytes) -> None:
        """Take a part of a body. The gateway bounds its length."""
        self._unfinished = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unfinished = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer 400 and close the connection. The base class would answer in plain text."""
        body = dumps(envelope(400, {}, f"{msg} Send well-formed HTTP/1.1.")).encode()
        head = (
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nx-request-id: {uuid.uuid4()}\r\n"
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
