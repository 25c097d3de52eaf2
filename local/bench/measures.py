"""What is measured, and how: each figure with its floor, both interleaved in small rounds.

Interleaving lets a noisy neighbour slow both alike, so the ratio holds where the figures do not.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from unittest.mock import patch

import bcrypt
import psycopg2

from chalicelib.events.sweeps import Scope, resend_filters
from chalicelib.platform import Platform
from local.bench.api import prepared
from local.bench.floor import RawCreate

ROUND = 25
PENDING = 10_000
WRITE_PENDING = """
WITH subject AS (SELECT gen_random_uuid() AS customer_id FROM generate_series(1, %(customers)s))
INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                             payload_json, metadata_json, created_at, publish_failure_reason)
SELECT %(consumer_id)s, customer_id, sequence, 'customer_creation', 'POST: /customer/data',
       jsonb_build_object('customer_id', customer_id, 'name', 'John Richard Doe',
                          'status', 'ACTIVE'),
       jsonb_build_object('created_at', clock_timestamp(), 'sequence', sequence,
                          'source_service', 'POST: /customer/data'),
       clock_timestamp() - interval '1 hour' + sequence * interval '1 millisecond', 'bench'
FROM subject, generate_series(1, 10) sequence
"""


def create_against_floor(key: str, raw: RawCreate, rounds: int = 24) -> dict[str, float]:
    """A create through the handler (p50, ms) and as a ratio to the floor of the same rounds."""
    create = creating(key)
    ours: list[float] = []
    floor: list[float] = []
    for _ in range(rounds):
        ours += timed(create, ROUND)
        floor += timed(raw.create, ROUND)
    return {
        "create_ms": statistics.median(ours),
        "floor_ms": statistics.median(floor),
        "create_vs_floor": statistics.median(ours) / statistics.median(floor),
    }


def bcrypt_runs(key: str, requests: int = 50) -> dict[str, float]:
    """How many bcrypt checks a key costs that this process has verified."""
    create = creating(key)
    create()
    with patch.object(bcrypt, "checkpw", wraps=bcrypt.checkpw) as check:
        for _ in range(requests):
            create()
    return {"bcrypt_runs_of_a_verified_key": float(check.call_count)}


def create_in_outage(key: str, parts: Platform, up_ms: float) -> dict[str, float]:
    """A create with the broker away and the breaker open, over the same with it up."""
    create = creating(key)
    publisher = parts.publisher
    publisher.close()
    working = publisher._parameters  # noqa: SLF001 - an outage of this process alone
    publisher._parameters = type(working)("amqp://nobody:nothing@127.0.0.1:9/%2F")  # noqa: SLF001
    try:
        while publisher.breaker.state != "open":
            create()
        down = statistics.median(timed(create, 20 * ROUND))
    finally:
        publisher._parameters = working  # noqa: SLF001
        publisher.breaker.succeeded()
    return {"outage_create_ms": down, "outage_create_vs_up": down / up_ms}


def resend_backlog(parts: Platform, database_url: str, consumer_id: str) -> dict[str, float]:
    """Events per second of a resend over 10,000 pending events of 1,000 customers."""
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(WRITE_PENDING, {"consumer_id": consumer_id, "customers": PENDING // 10})
    connection.close()
    started = time.perf_counter()
    summary = parts.resend.run(resend_filters(parts.settings, Scope()), 60)
    seconds = time.perf_counter() - started
    if summary.succeeded < PENDING:
        raise RuntimeError(f"not everything was published: {summary.counts()}")
    return {"resend_events": float(summary.succeeded), "resend_per_s": summary.succeeded / seconds}


def creating(key: str) -> Callable[[], str]:
    """A create through the handler, to be called again and again."""
    return prepared(key, "POST", "/customer/data", {"name": "John Richard Doe"})


def timed(action: Callable[[], object], times: int) -> list[float]:
    """How long each call took, in milliseconds."""
    durations = []
    for _ in range(times):
        started = time.perf_counter()
        action()
        durations.append((time.perf_counter() - started) * 1000)
    return durations
