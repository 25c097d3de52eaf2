"""One connection: sends a request and reads its answer, within a deadline and bounds.

The bytes are ours, the parsing of answers is h11's, but for the plainest ones. Nothing is read beyond
the bounds, and a connection of which anything is left to be read or sent is not used again.
"""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import h11

from fintegrate.outgoing.deadline import READ, WRITE, Deadline, TimeIsUp, Watch
from fintegrate.outgoing.dialing import reason_of
from fintegrate.outgoing.exchange import KEPT_HEADERS, METHODS, Kind, Sent, Stopped
from fintegrate.outgoing.packing import PACKING, unpacked
from fintegrate.outgoing.plain_answers import plain_answer
from fintegrate.outgoing.urls import Target
from fintegrate.outgoing.writing import Outgoing

CHUNK = 16 * 1024
"""What is sent or read at once, in bytes: one record of TLS. Of several records some may have gone out
when `send` raises, and nobody would know."""
_TOLD = {
    method: h11.Request(method=method, target="/", headers=[("Host", "")]) for method in METHODS
}
"""What h11 is told of a request: how its answer is to be read depends on nothing but the method."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that is read of an answer, in bytes."""

    head: int = 32 * 1024
    """With all interim (1xx) answers."""
    body: int = 64 * 1024
    """As it comes, and again when it is unpacked."""


class Read(NamedTuple):
    """What was read of an answer."""

    status: int
    headers: dict[str, str]
    body: bytes
    is_whole: bool


class Connection:
    """A connection to one origin, for one request after the other. One thread at a time."""

    def __init__(self, opened: socket.socket, target: Target, bounds: Bounds) -> None:
        self.origin = target.origin
        self.opened_at = time.monotonic()
        self._socket = opened
        self._watch = Watch(opened)
        self._bounds = bounds
        self.is_usable = True
        """Whether a request can be sent: the first one, or one after an answer that left nothing."""

    def close(self) -> None:
        self._socket.close()

    def is_silent(self) -> bool:
        """Whether it is open and nothing has come: a server that was asked nothing must say nothing."""
        if self._watch.is_quiet() and not unread(self._socket):
            return True
        try:
            self._socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True  # what came, if anything, were TLS's own messages
        except OSError:
            return False
        return False

    def send(self, outgoing: Outgoing, deadline: Deadline) -> Read:
        """Send a request and read its answer.

        Raises:
            Stopped: there is no complete answer. Then close the connection.
        """
        self.is_usable = False
        exchange = _Exchange(self._socket, self._watch, outgoing, self._bounds)
        read = exchange.run(deadline)
        self.is_usable = exchange.leaves_nothing()
        return read


class _Exchange:
    """One request on a connection, and its answer."""

    def __init__(
        self,
        opened: socket.socket,
        watch: Watch,
        outgoing: Outgoing,
        bounds: Bounds,
    ) -> None:
        self.status: int | None = None
        """Of the answer, once its head is read."""
        self._socket = opened
        self._watch = watch
        self._target = outgoing.target
        self._bounds = bounds
        self._keep = KEPT_HEADERS | outgoing.keep
        self._wire = memoryview(outgoing.wire)
        self._method = outgoing.method
        self._sent = 0
        self._received = 0
        self._ended = False
        self._was_plain = False
        self._headers: dict[str, str] = {}
        self._packing = ""
        self._body = bytearray()

    @cached_property
    def _http(self) -> h11.Connection:
        http = h11.Connection(h11.CLIENT, max_incomplete_event_size=self._bounds.head)
        http.send(_TOLD[self._method])
        return http

    @property
    def sent(self) -> Sent:
        if not self._sent:
            return Sent.NOTHING
        return Sent.WHOLE if self._sent == len(self._wire) else Sent.PART

    def leaves_nothing(self) -> bool:
        """Whether the connection can have another request.

        The rest of a refused request would precede it, and what came after the answer would be taken for
        its answer. h11 is done unless the other side wants to close.
        """
        if self.sent is not Sent.WHOLE or self._was_plain:
            return self._was_plain
        return self._http.their_state is h11.DONE and not self._http.trailing_data[0]

    def run(self, deadline: Deadline) -> Read:
        try:
            self._send(deadline)
            if self.status is None and not unread(self._socket):
                self._watch.wait(READ, deadline)  # no answer is there yet: a look would fail
            while self.status is None:
                self._read_head(deadline)
            is_refused = (
                self.sent is Sent.PART
            )  # then the status counts, whatever becomes of the rest
            is_whole = (self._read_rest if is_refused else self._read_body)(deadline)
        except (Stopped, TimeIsUp, h11.RemoteProtocolError, OSError) as error:
            kind, why = self._fault(error)
            raise Stopped(kind, why, self.sent, self.status) from None
        body, was_unpacked = unpacked(bytes(self._body), self._packing, self._bounds.body)
        return Read(self.status or 0, self._headers, body, is_whole and was_unpacked)

    def _fault(self, error: Exception) -> tuple[Kind, str]:
        if isinstance(error, Stopped):
            return error.kind, error.why
        if isinstance(error, TimeIsUp):
            return Kind.TIMEOUT, f"{self._target} did not answer in time"
        if isinstance(error, OSError):
            is_tls = isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError)
            kind = Kind.PROTOCOL if is_tls else Kind.RESET
            return kind, f"the connection to {self._target} broke: {reason_of(error)}"
        if self._ended:
            return Kind.RESET, f"{self._target} closed the connection within its answer"
        return Kind.PROTOCOL, f"what {self._target} answered is no HTTP/1.1"

    def _send(self, deadline: Deadline) -> None:
        """Send all, unless a refusal comes before the end of it."""
        listening = True
        while self._sent < len(self._wire):
            deadline.left()
            wanted = WRITE
            try:
                self._sent += self._socket.send(self._wire[self._sent : self._sent + CHUNK])
                continue
            except (BlockingIOError, ssl.SSLWantWriteError):
                wanted = READ | WRITE if listening else WRITE
            except ssl.SSLWantReadError:
                wanted = READ
            except OSError:
                # It may have refused the request before it closed.
                if self._sent and self._refused(deadline.sooner(1)):
                    return
                raise
            if self._watch.wait(wanted, deadline) & ~WRITE and listening:
                listening = self._listen()
                if self.status is not None and self.status >= 300:
                    return  # it does not want the rest

    def _listen(self) -> bool:
        """While sending: take what has come. Returns whether more is worth taking."""
        try:
            came = self._socket.recv(self._room_for_head())
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return True
        self._take_head(came)
        return self.status is None

    def _refused(self, deadline: Deadline) -> bool:
        """Whether a broken connection still holds the head of a refusal."""
        try:
            while self.status is None:
                self._read_head(deadline)
        except (OSError, TimeIsUp, Stopped):
            return False
        return self.status >= 300

    def _read_head(self, deadline: Deadline) -> None:
        came = self._receive(self._room_for_head(), deadline)
        if not self._take_plain(came):
            self._take_head(came)

    def _take_plain(self, came: bytes) -> bool:
        """Take an answer that came whole and is plain; returns whether it is."""
        if self._received or self._method == "HEAD" or self.sent is not Sent.WHOLE:
            return False
        plain = plain_answer(came, self._keep)
        if plain is None or len(plain.body) > self._bounds.body:
            return False
        self._was_plain = True
        self.status, self._body = plain.status, bytearray(plain.body)
        self._take_headers(plain.headers)
        return True

    def _room_for_head(self) -> int:
        left = self._bounds.head - self._received
        if left <= 0:
            raise Stopped(Kind.TOO_LARGE, f"the head of the answer of {self._target} is too large")
        return min(left, CHUNK)

    def _take_head(self, came: bytes) -> None:
        if not came:
            said = "closed the connection without an answer"
            raise Stopped(Kind.RESET, f"{self._target} {said}")
        self._take(came)
        while self.status is None:
            event = self._http.next_event()
            if isinstance(event, h11.Response):
                self.status = event.status_code
                self._read_headers(event)
            elif event is h11.NEED_DATA:
                return
            elif not isinstance(event, h11.InformationalResponse):
                raise h11.RemoteProtocolError("no head of an answer")

    def _read_headers(self, head: h11.Response) -> None:
        found: dict[str, str] = {}
        for raw_name, raw in head.headers:
            name = raw_name.decode("ascii")
            if name in self._keep or name == PACKING:
                value = raw.decode("latin-1")
                found[name] = f"{found[name]}, {value}" if name in found else value
        self._take_headers(found)

    def _take_headers(self, found: dict[str, str]) -> None:
        self._packing = found.get(PACKING, "").strip().lower()
        self._headers = {name: value for name, value in found.items() if name in self._keep}

    def _read_body(self, deadline: Deadline) -> bool:
        """Read the body up to its bound; returns whether that was all."""
        if self._was_plain:
            return True
        # The frames of a chunked body take no more than the body may.
        most = self._received + 2 * self._bounds.body
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > self._bounds.body:
                    del self._body[self._bounds.body :]
                    return False
            elif event is h11.NEED_DATA:
                if self._received >= most:
                    return False
                self._take(self._receive(CHUNK, deadline))
            elif isinstance(event, h11.EndOfMessage):
                return True
            else:
                raise h11.RemoteProtocolError("no part of a body")

    def _read_rest(self, deadline: Deadline) -> bool:
        """Read the body of a refusal as far as it comes: a close with bytes unread destroys the rest."""
        try:
            return self._read_body(deadline)
        except (OSError, TimeIsUp, h11.RemoteProtocolError):
            return False

    def _receive(self, most: int, deadline: Deadline) -> bytes:
        while True:
            deadline.left()
            try:
                return self._socket.recv(most)
            except (BlockingIOError, ssl.SSLWantReadError):
                self._watch.wait(READ, deadline)
            except ssl.SSLWantWriteError:
                self._watch.wait(WRITE, deadline)

    def _take(self, came: bytes) -> None:
        self._received += len(came)
        self._ended = not came
        self._http.receive_data(came)


def unread(opened: socket.socket) -> int:
    """Bytes that TLS has read and nobody has taken: the socket itself tells nothing of them."""
    return opened.pending() if isinstance(opened, ssl.SSLSocket) else 0
