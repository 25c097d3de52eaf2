"""The probes of banking's servers for `GET /health`."""

from __future__ import annotations

from collections.abc import Mapping

from fintegrate.database import Database
from fintegrate.messaging.publisher import Publisher
from fintegrate.queries import queries_beside
from fintegrate.redis_connection import RedisConnections
from fintegrate.system import Probe

SQL = queries_beside(__name__)
BROKER_SECONDS = 0.5


def probes(
    database: Database, publisher: Publisher, redis: RedisConnections
) -> Mapping[str, Probe]:
    """The probes of one process's database, broker and cache."""
    breaker = publisher.breaker
    return {
        "database": Probe(lambda: database.fetch_one(SQL["probe"], {}, revive=True), needed=True),
        "broker": Probe(
            lambda: publisher.ping(BROKER_SECONDS),
            details=lambda: {"circuit_breaker": breaker.state},
        ),
        "cache": Probe(redis.ping),
    }
