"""GET /health: whether this process reaches its servers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from chalice.app import Response

from chalicelib.operations.blueprint import operations
from chalicelib.platform import platform
from fintegrate.envelope import answer

_KEPT_SECONDS = 1.0
"""Anybody may ask: the servers are asked at most this often per process."""
_lock = threading.Lock()
_kept: tuple[float, dict[str, Any]] | None = None


@operations.route("/health", methods=["GET"])
def health() -> Response:
    """Database, broker and cache, each up or down with its latency; 503 without the database."""
    state = _checked()
    if state["database"]["status"] == "up":
        return answer(200, state)
    return answer(503, {}, "The database is away; try again shortly", {"Retry-After": "2"})


def _checked() -> dict[str, Any]:
    global _kept  # noqa: PLW0603 - one per process is the point
    with _lock:
        if _kept is None or time.monotonic() - _kept[0] >= _KEPT_SECONDS:
            _kept = (time.monotonic(), _check())
        return _kept[1]


def _check() -> dict[str, Any]:
    parts = platform()
    process = parts.process
    return {
        "database": _probe(lambda: process.database.fetch_one("SELECT 1", {}, revive=True)),
        "broker": {
            **_probe(lambda: parts.publisher.ping(0.5)),
            "circuit_breaker": parts.publisher.breaker.state,
        },
        "cache": _probe(process.rate_limiter.ping),
    }


def _probe(ask: Callable[[], object]) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        ask()
        status = "up"
    except Exception:  # whatever it is, the server does not answer
        status = "down"
    return {"status": status, "latency_ms": round((time.perf_counter() - started) * 1000, 2)}
