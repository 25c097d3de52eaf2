"""A fast receiver in a process of its own, for all measurements: it answers, counts, and notes arrivals.

It speaks as much HTTP as our requests need. What it does stands in the path: `/after/20/…` answers after
20 ms, `/never/…` never does. A path that ends in `/events` is Meta's: the answer says how many events
came. One that ends in `/processed` is a bank's that has processed what it got. A second port is bound
and does not listen, so that each connection is refused.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import socket
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Self, TypeVar

PATIENCE_SECONDS = 90
Event = TypeVar("Event", str, int)
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_DELIVERY = re.compile(rb"webhook-id: *(\S+)", re.IGNORECASE)
_AFTER = re.compile(r"/after/(\d+)/")
_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "


@dataclass(slots=True)
class Seen:
    """Requests by path, Meta's events, and when the first webhook of each id came (monotonic clock)."""

    requests: Counter[str] = field(default_factory=Counter)
    events: int = 0
    arrived: dict[str, float] = field(default_factory=dict)


class Receiver:
    """The process, from `with` to its end."""

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        self.port, self.dead_port = self._pipe.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()

    @property
    def allowed(self) -> str:
        """For `RELAY_ALLOW_HOSTS` and `WEBHOOK_ALLOW_HOSTS`."""
        return f"127.0.0.1:{self.port},127.0.0.1:{self.dead_port}"

    def url(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def refusing_url(self, path: str) -> str:
        """Where nobody listens."""
        return f"http://127.0.0.1:{self.dead_port}{path}"

    def seen(self) -> Seen:
        """What came since the last `clear`."""
        return self._asked("seen")

    def clear(self) -> None:
        self._asked("clear")

    def arrivals(
        self, events: Collection[Event], event_of: Callable[[str], Event]
    ) -> dict[Event, float]:
        """When each event arrived first, once all have.

        Args:
            event_of: the event of a webhook's id

        Raises:
            RuntimeError: not all came
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            arrived = {event_of(each): at for each, at in self.seen().arrived.items()}
            if all(event in arrived for event in events):
                return arrived
            time.sleep(0.1)
        raise RuntimeError("not every event arrived")

    def _asked(self, what: str) -> Seen:
        self._pipe.send(what)
        seen: Seen = self._pipe.recv()
        return seen


class _Exchanges(asyncio.Protocol):
    """The requests of one connection, one after the other."""

    def __init__(self, counts: list[Seen]) -> None:
        self._counts = counts
        self._data = bytearray()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._data[:end])
            length = _LENGTH.search(head)
            size = end + 4 + (int(length[1]) if length else 0)
            if len(self._data) < size:
                return
            body = self._data[end + 4 : size]
            del self._data[:size]
            self._take(head, body)

    def _take(self, head: bytes, body: bytearray) -> None:
        path = head.split(b" ", 2)[1].decode()
        seen = self._counts[0]
        seen.requests[path] += 1
        if delivery := _DELIVERY.search(head):
            seen.arrived.setdefault(delivery[1].decode(), time.monotonic())
        if path.startswith("/never/"):
            return
        said = "{}"
        if path.endswith("/events"):
            count = body.count(b'"event_id"')
            seen.events += count
            said = f'{{"events_received":{count}}}'
        elif path.endswith("/processed"):
            said = '{"status":"processed"}'
        answer = f"{_HEAD}{len(said)}\r\n\r\n{said}".encode()
        if after := _AFTER.match(path):
            asyncio.get_running_loop().call_later(int(after[1]) / 1000, self._answer, answer)
        else:
            self._answer(answer)

    def _answer(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


def _serve(pipe: Connection) -> None:
    asyncio.run(_serving(pipe))


async def _serving(pipe: Connection) -> None:
    loop = asyncio.get_running_loop()
    counts = [Seen()]
    server = await loop.create_server(lambda: _Exchanges(counts), "127.0.0.1", 0, backlog=512)
    dead = socket.socket()
    dead.bind(("127.0.0.1", 0))
    pipe.send((server.sockets[0].getsockname()[1], dead.getsockname()[1]))

    def asked() -> None:
        if pipe.recv() == "clear":
            counts[0] = Seen()
        pipe.send(counts[0])

    loop.add_reader(pipe.fileno(), asked)
    await server.serve_forever()
