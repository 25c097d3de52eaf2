"""Creates customers at a steady rate through the served API, in a process of its own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

from local.bench.child_process import child_process
from local.bench.requests import RequestRefused

PER_SECOND = 100
CONNECTIONS = 4
"""So that a slow answer delays a quarter of the others only."""
BODY = json.dumps({"name": "John Richard Doe"})
PATIENCE_SECONDS = 60


@contextmanager
def creating(url: str, key: str, per_second: float = PER_SECOND) -> Iterator[Callable[[], float]]:
    """Create for the block. After it the function tells how many a second it were.

    Raises:
        RequestRefused: the API refused one; told at the end of the block
    """
    told: list[float] = []
    with child_process(_create, url, key, per_second) as process:
        yield lambda: told[0]
        process.send("stop")
        if not process.poll(PATIENCE_SECONDS):
            raise RuntimeError("the process that creates customers does not stop")
        rate, refused = process.recv()
        if refused:
            raise RequestRefused(refused)
        told.append(rate)


def _create(url: str, key: str, per_second: float, pipe: Connection) -> None:
    stop, refused = threading.Event(), list[str]()
    done = [0] * CONNECTIONS

    def create(number: int) -> None:
        connection = HTTPConnection(urlsplit(url).netloc)
        headers = {"X-API-Key": key, "Content-Type": "application/json"}
        due = time.monotonic() + number / per_second
        while not stop.wait(max(0.0, due - time.monotonic())):
            connection.request("POST", "/customer/data", BODY, headers)
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != 201:
                refused.append(f"POST /customer/data: {answer.status} {said!r}")
                return
            done[number] += 1
            due = max(due + CONNECTIONS / per_second, time.monotonic() - 1)

    threads = [threading.Thread(target=create, args=(each,)) for each in range(CONNECTIONS)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    pipe.recv()
    seconds = time.monotonic() - started
    stop.set()
    for thread in threads:
        thread.join()
    pipe.send((sum(done) / seconds, refused[0] if refused else ""))
