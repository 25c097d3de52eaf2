"""HTTP that is so broken that no application sees it, answered in the envelope all the same."""

import uuid

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from fintegrate.envelope import dumps, envelope


class EnvelopeProtocol(H11Protocol):
    """HTTP/1.1 whose own refusals have this project's shape."""

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
