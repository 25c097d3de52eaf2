"""The server's HTTP/1.1: what is so broken that no application sees it gets the envelope, too."""

import asyncio
import uuid
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from fintegrate.envelope import dumps, envelope


class EnvelopeProtocol(H11Protocol):
    """HTTP/1.1 whose own refusals have this project's shape, each answer sent in one piece."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Serve a connection."""
        super().connection_made(OneWrite(transport, self.loop))  # type: ignore[arg-type]

    def send_400_response(self, msg: str) -> None:
        """Answer 400 and close the connection, as the base class does with plain text."""
        body = dumps(envelope(400, {}, f"{msg} Send well-formed HTTP/1.1.")).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"x-request-id", str(uuid.uuid4()).encode()),
            (b"connection", b"close"),
        ]
        events: list[h11.Event] = [
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ]
        for event in events:
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class OneWrite:
    """A transport that sends together what is written in one step of the loop.

    uvicorn writes an answer's head and body apart: a system call and a packet more for each, and a
    client that is woken twice.
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
        """Send the rest, then close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._unsent:
            unsent, self._unsent = self._unsent, []
            self._transport.write(b"".join(unsent))
