"""The floor of webhooks: the same requests by bare threads with `http.client`, without a database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection

from local.bench.timing import on_schedule, seconds_of

HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "raw",
    "webhook-id": "msg_0_0",
    "webhook-timestamp": "1764000000",
    "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
}


def seconds_side_by_side(
    port: int, path: str, requests: int, connections: int, body: bytes
) -> float:
    """The time that so many threads with a kept connection each take for this many requests."""
    with _connections(port, connections) as kept, ThreadPoolExecutor(connections) as pool:

        def send(connection: HTTPConnection) -> None:
            for _ in range(requests // connections):
                post(connection, path, body)

        return seconds_of(lambda: list(pool.map(send, kept)))


def milliseconds_each(
    port: int, path: str, per_second: float, seconds: float, body: bytes
) -> list[float]:
    """The time of each request by itself, at this rate."""
    times: list[float] = []
    with _connections(port, 1) as (connection,):

        def send() -> None:
            began = post(connection, path, body)
            times.append(1000 * (time.monotonic() - began))

        send()
        times.clear()
        on_schedule(send, per_second, seconds)
    return times


def post(connection: HTTPConnection, path: str, body: bytes) -> float:
    """Post, and read the answer; when it began, on the monotonic clock.

    Raises:
        RuntimeError: the answer is not 200.
    """
    began = time.monotonic()
    connection.request("POST", path, body, HEADERS)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"the receiver answered {answer.status}")
    return began


@contextmanager
def _connections(port: int, count: int) -> Iterator[list[HTTPConnection]]:
    connections = [HTTPConnection("127.0.0.1", port) for _ in range(count)]
    try:
        yield connections
    finally:
        for connection in connections:
            connection.close()
