"""The servers that banking cannot do without, as `GET /health` asks them."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.banking.wiring import parts
from fintegrate.queries import queries_beside
from fintegrate.system import Probe

SQL = queries_beside(__file__)
BROKER_SECONDS = 0.5


def probes() -> Mapping[str, Probe]:
    """Database, broker and cache of this process."""
    own = parts()
    breaker = own.publisher.breaker
    return {
        "database": Probe(
            lambda: own.request.database.fetch_one(SQL["probe"], {}, revive=True), needed=True
        ),
        "broker": Probe(
            lambda: own.publisher.ping(BROKER_SECONDS),
            details=lambda: {"circuit_breaker": breaker.state},
        ),
        "cache": Probe(own.redis.ping),
    }
