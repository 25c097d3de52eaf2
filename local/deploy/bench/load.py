"""Sends the same request over many connections, as cheaply as a client can on the same cores."""

import asyncio
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

OK = (b"200", b"201")


@dataclass(frozen=True)
class Load:
    """What a run of requests took.

    :ivar seconds: from the first request to the last answer
    :ivar milliseconds: of each request
    """

    seconds: float
    milliseconds: list[float]

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return len(self.milliseconds) / self.seconds

    @property
    def median_ms(self) -> float:
        """p50 of one request."""
        return statistics.median(self.milliseconds)


def request_bytes(method: str, path: str, host: str, key: str, body: bytes) -> bytes:
    """A whole HTTP/1.1 request."""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def run_load(url: str, request: bytes, connections: int, count: int) -> Load:
    """Send the request that often, each connection one after the other.

    :raises RuntimeError: an answer is not 2xx, which would falsify the measurement
    """
    return asyncio.run(_run(url, request, connections, count))


async def _run(url: str, request: bytes, connections: int, count: int) -> Load:
    left = iter(range(count))
    milliseconds: list[float] = []
    started = time.perf_counter()
    await asyncio.gather(
        *(_connection(url, request, left, milliseconds) for _ in range(connections))
    )
    return Load(time.perf_counter() - started, milliseconds)


async def _connection(
    url: str, request: bytes, left: Iterator[int], milliseconds: list[float]
) -> None:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    for _ in left:
        started = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length(head))
        milliseconds.append((time.perf_counter() - started) * 1000)
        if head[9:12] not in OK:
            raise RuntimeError(f"{head[:12]!r}: {body!r}")
    writer.close()
    await writer.wait_closed()


def _length(head: bytes) -> int:
    lower = head.lower()
    start = lower.index(b"content-length:") + len(b"content-length:")
    return int(lower[start : lower.index(b"\r\n", start)])
