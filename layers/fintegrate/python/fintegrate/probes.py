"""The probes of the usual servers, a system's database, broker and cache, for `GET /health`."""

from __future__ import annotations

from collections.abc import Mapping

from fintegrate.database import Database
from fintegrate.messaging.publisher import Publisher
from fintegrate.redis_connection import RedisConnections
from fintegrate.system import Probe

ASK = "SELECT 1 AS answered"
BROKER_SECONDS = 0.5


def probes(
    database: Database, publisher: Publisher, redis: RedisConnections
) -> Mapping[str, Probe]:
    """The probes of one process's database, broker and cache. Without the database nothing is served."""
    breaker = publisher.breaker
    return {
        "database": Probe(lambda: database.fetch_one(ASK, {}, revive=True), needed=True),
        "broker": Probe(
            lambda: publisher.ping(BROKER_SECONDS),
            details=lambda: {"circuit_breaker": breaker.state},
        ),
        "cache": Probe(redis.ping),
    }
