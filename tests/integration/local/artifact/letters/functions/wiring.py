"""The wiring of letters: a database, counters, and public endpoints that need nothing else."""

from __future__ import annotations

import os
from functools import cache

from chalicelib.letters.configuration import Configuration
from fintegrate.database import Database
from fintegrate.http.endpoint import Endpoint, RequestParts, endpoints
from fintegrate.metrics import OF_THE_LAYER
from fintegrate.metrics_store import Metrics
from fintegrate.redis_connection import RedisConnections
from fintegrate.settings import load


def database():
    """This process's database."""
    return request_parts().database


@cache
def request_parts():
    """Nobody says who calls, so nobody is limited or audited."""
    settings = load(Configuration, os.environ)
    redis = RedisConnections(settings.redis_url, timeout_ms=50, retry_seconds=10)
    return RequestParts(
        database=Database(settings.letters_database_url),
        schemes={},
        rate_limiter=None,
        metrics=Metrics(redis, OF_THE_LAYER, prefix="letters", namespace="letters", bounds={}),
        audit=None,
        idempotency_keys=None,
        max_body_bytes=100_000,
    )


endpoint = endpoints(request_parts, Endpoint)
