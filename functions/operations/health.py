"""GET /health: whether this process reaches its servers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from chalicelib.banking.wiring import endpoint, parts
from chalicelib.operations.blueprint import operations
from chalicelib.operations.models import Health
from fintegrate.errors import Unavailable
from fintegrate.http.endpoint import Access, Answer, Call, Nothing
from fintegrate.queries import queries_beside

SQL = queries_beside(__file__)

_KEPT_SECONDS = 1.0
"""Anybody may ask: the servers are asked at most this often per process."""
_lock = threading.Lock()
_kept: tuple[float, dict[str, Any]] | None = None


@operations.route("/health", methods=["GET"])
@endpoint(Nothing, gives=Health, access=Access.PUBLIC)
def health(_call: Call[Nothing]) -> Answer:
    """Whether database, broker and cache are up.

    Each with its latency. Answers 503 when the database is away: then no request can be served.
    """
    state = _checked()
    if state["database"]["status"] != "up":
        raise Unavailable("The database is away; try again shortly")
    return Answer(state)


def _checked() -> dict[str, Any]:
    global _kept  # noqa: PLW0603 - one per process is the point
    with _lock:
        if _kept is None or time.monotonic() - _kept[0] >= _KEPT_SECONDS:
            state = _check()
            _kept = (time.monotonic(), state)  # from its end: a slow look serves who waited for it
        return _kept[1]


def _check() -> dict[str, Any]:
    process = parts().request
    return {
        "database": _probe(lambda: process.database.fetch_one(SQL["probe"], {}, revive=True)),
        "broker": {
            **_probe(lambda: parts().publisher.ping(0.5)),
            "circuit_breaker": parts().publisher.breaker.state,
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
