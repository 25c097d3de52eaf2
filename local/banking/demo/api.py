"""The client of the demo: it writes down every call with its kind, status and duration."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from local.banking.client import Body, CallFailed, Client, Reply


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `status` is None when no answer came."""

    kind: str
    status: int | None
    seconds: float

    @property
    def succeeded(self) -> bool:
        """Whether the API did what was asked for."""
        return self.status is not None and 200 <= self.status < 300


class TimedClient(Client):
    """A client with a record of its calls."""

    def __init__(self, base_url: str, key: str) -> None:
        super().__init__(base_url, key)
        self._lock = Lock()
        self.calls: list[Call] = []

    def call(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        *,
        query: Body | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request and write it down as its method and path."""
        kind, started = f"{method} {path}", time.perf_counter()
        try:
            reply = super().call(method, path, body, query=query, headers=headers)
        except CallFailed as failure:
            self._write_down(Call(kind, failure.status, time.perf_counter() - started))
            raise
        replayed = " (replayed)" if "Idempotency-Replayed" in reply.headers else ""
        self._write_down(Call(kind + replayed, reply.status, time.perf_counter() - started))
        return reply

    def read_all(self, path: str, field: str) -> Iterator[dict[str, Any]]:
        """Every item of a list that comes in pages."""
        cursor: str | None = None
        while True:
            page = self.ask("GET", path, query={"limit": 200, "cursor": cursor})
            yield from page[field]
            cursor = page["next_cursor"]
            if not cursor:
                return

    def _write_down(self, call: Call) -> None:
        with self._lock:
            self.calls.append(call)
