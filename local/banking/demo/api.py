"""A timed client of the API: every call is written down with its kind, status and duration."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Self

import httpx


class CallFailedError(Exception):
    """The API refused a call or did not answer; the text is its own sentence.

    `passing` says whether the same call may succeed later.
    """

    def __init__(self, words: str, *, passing: bool = False) -> None:
        super().__init__(words)
        self.passing = passing


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `status` is 0 when no answer came."""

    kind: str
    status: int
    seconds: float

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300


class Api:
    """The API with one key; may be used by several threads."""

    def __init__(self, base_url: str, key: str) -> None:
        self._http = httpx.Client(base_url=base_url, headers={"X-API-Key": key}, timeout=30)
        self._lock = Lock()
        self.calls: list[Call] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def send(
        self, method: str, path: str, body: Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> dict[str, Any]:
        """A call that changes something, written down as its method and path.

        Raises :class:`CallFailedError`.
        """
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        request = self._http.build_request(method, path, json=dict(body), headers=headers)
        return self._data(request, f"{method} {path}")

    def read(self, path: str, **query: str | int | None) -> dict[str, Any]:
        """A call that only reads. Raises :class:`CallFailedError`."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._data(self._http.build_request("GET", path, params=given), f"GET {path}")

    def read_all(self, path: str, field: str) -> Iterator[dict[str, Any]]:
        """Every item of a list that comes in pages."""
        cursor: str | None = None
        while True:
            page = self.read(path, limit=200, cursor=cursor)
            yield from page[field]
            cursor = page["next_cursor"]
            if not cursor:
                return

    def _data(self, request: httpx.Request, kind: str) -> dict[str, Any]:
        started = time.perf_counter()
        try:
            response = self._http.send(request)
        except httpx.TransportError as exc:
            self._write_down(Call(kind, 0, time.perf_counter() - started))
            words = f"{kind}: no answer ({type(exc).__name__})"
            raise CallFailedError(words, passing=True) from exc
        replayed = " (replayed)" if "Idempotency-Replayed" in response.headers else ""
        call = Call(kind + replayed, response.status_code, time.perf_counter() - started)
        self._write_down(call)
        return _content(response, call)

    def _write_down(self, call: Call) -> None:
        with self._lock:
            self.calls.append(call)


def _content(response: httpx.Response, call: Call) -> dict[str, Any]:
    try:
        envelope = response.json()
        if call.succeeded:
            data: dict[str, Any] = envelope["data"]
            return data
        words = envelope["detail"]["status_description"]
    except (ValueError, KeyError, TypeError):
        words = "the answer is not in the envelope"
    passing = call.status == 429 or call.status >= 500
    raise CallFailedError(f"{call.kind}: {call.status} {words}", passing=passing)
