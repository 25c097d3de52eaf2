"""Sends the same request over many connections, with as little processor time as possible.

It speaks HTTP itself instead of using a client. It shares the cores with the server, so
the client's own work would be measured as the server's.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import cast
from urllib.parse import urlsplit

OK = (b"200", b"201")
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Load:
    """The timing of a run of requests.

    Attributes:
        seconds: from the first request to the last answer
        milliseconds: of each request
    """

    seconds: float
    milliseconds: list[float]

    @property
    def per_second(self) -> float:
        return len(self.milliseconds) / self.seconds

    @property
    def median_ms(self) -> float:
        """The p50 of one request."""
        return statistics.median(self.milliseconds)


def request_bytes(method: str, path: str, credentials: str = "", body: bytes = b"") -> bytes:
    """A whole HTTP/1.1 request. `credentials` is a header, such as `X-API-Key: …`."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: localhost",
        *([credentials] if credentials else []),
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "\r\n",
    ]
    return "\r\n".join(lines).encode() + body


def run_load(url: str, request: bytes, connections: int, count: int) -> Load:
    """Send the request this often. Each connection sends its requests one after the other.

    Raises:
        RuntimeError: an answer is not 2xx, so the measurement would be wrong
    """
    return asyncio.run(_run(url, request, connections, count))


async def _run(url: str, request: bytes, connections: int, count: int) -> Load:
    address, loop = urlsplit(url), asyncio.get_running_loop()
    left, milliseconds = iter(range(count)), list[float]()
    call = partial(_Caller, request, left, milliseconds, loop)
    started = time.perf_counter()
    made = [
        await loop.create_connection(call, address.hostname or "", address.port or 80)
        for _ in range(connections)
    ]
    await asyncio.gather(*(caller.done for _, caller in made))
    return Load(time.perf_counter() - started, milliseconds)


class _Caller(asyncio.Protocol):
    """One connection. It sends the next request after each answer while any are left."""

    def __init__(
        self,
        request: bytes,
        left: Iterator[int],
        milliseconds: list[float],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.done: asyncio.Future[None] = loop.create_future()
        self._request = request
        self._left = left
        self._milliseconds = milliseconds
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def _ask(self) -> None:
        if next(self._left, None) is None:
            self._end(None)
            return
        self._started = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self._milliseconds.append((time.perf_counter() - self._started) * 1000)
        self._received = b""
        if head[9:12] in OK:
            self._ask()
        else:
            self._end(RuntimeError(f"{head[:12]!r}: {body!r}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or RuntimeError("the connection was closed before its answer"))

    def _end(self, wrong: Exception | None) -> None:
        if self.done.done():
            return
        if wrong is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(wrong)
        self._transport.close()


def _length(head: bytes) -> int:
    found = CONTENT_LENGTH.search(head)
    if found is None:
        raise RuntimeError(f"an answer without a length: {head!r}")
    return int(found[1])
