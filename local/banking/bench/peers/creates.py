"""Measures a create three ways, in turns and in this process: ours, with bare drivers, and naive.

The naive form runs bcrypt for each request and publishes on a new connection.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import bcrypt
import psycopg2
from psycopg2.extras import RealDictCursor

from chalicelib.banking import wiring
from fintegrate.access.keys import hash_secret
from local.banking.bench.api import prepared
from local.banking.bench.floor import RAW, RawCreate
from local.banking.bench.peers.drains import Figures
from local.banking.bench.peers.preparation import Comparison, Tenant
from local.banking.bench.peers.relay_naive import PUBLISHED, publish

ROUNDS = 5
OFTEN, SELDOM = 50, 4
BODY = {"name": "John Richard Doe"}
ISSUE = """
INSERT INTO consumer_api_keys (key_id, consumer_id, api_key_hash, expires_at)
VALUES (%s, %s, %s, clock_timestamp() + interval '1 day')
"""
HASH = "SELECT api_key_hash FROM consumer_api_keys WHERE key_id = %s"


class NaiveCreate:
    """The request as most teams first write it. The database connection is kept, as an ORM keeps it."""

    def __init__(self, database_url: str, tenant: Tenant, key_id: str, secret: str) -> None:
        self._database = psycopg2.connect(database_url)
        self._key_id, self._secret = key_id, secret.encode()
        self._values = {
            "consumer_id": tenant.consumer_id,
            "consumer_name": tenant.name,
            "status": "ACTIVE",
            "source_service": "POST: /customer/data",
            "traceparent": None,
            **BODY,
        }

    def create(self) -> None:
        """Check the key, write customer and event, publish, mark."""
        with self._database, self._database.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(HASH, (self._key_id,))
            [key] = cursor.fetchall()
            if not bcrypt.checkpw(self._secret, key["api_key_hash"].encode()):
                raise PermissionError(self._key_id)
            cursor.execute(RAW["create_customer"], self._values)
            [event] = cursor.fetchall()
        publish(event)
        with self._database, self._database.cursor() as cursor:
            cursor.execute(PUBLISHED, (event["event_id"],))

    def close(self) -> None:
        self._database.close()


def measure_creates(comparison: Comparison) -> list[Figures]:
    """Milliseconds per create, and the client's processor time among them."""
    tenant = comparison.tenants[0]
    with _serving(comparison.fresh()) as url:
        keys = wiring.parts().keys
        key = keys.new()
        _issue(url, tenant, key.key_id, hash_secret(key.secret, 12))
        ours = prepared(keys.text(key), "POST", "/customer/data", BODY)
        broker = os.environ["RABBITMQ_URL"]
        with (
            RawCreate(url, broker, tenant.consumer_id, tenant.name) as raw,
            closing(NaiveCreate(url, tenant, key.key_id, key.secret)) as naive,
        ):
            ways: list[tuple[str, Callable[[], object], int]] = [
                ("bare drivers (floor)", raw.create, OFTEN),
                ("Fintegrate, POST /customer/data", ours, OFTEN),
                ("naive: bcrypt and a connection each", naive.create, SELDOM),
            ]
            return _in_turns(ways)


def _in_turns(ways: list[tuple[str, Callable[[], object], int]]) -> list[Figures]:
    wall: dict[str, list[float]] = {name: [] for name, _, _ in ways}
    cpu: dict[str, list[float]] = {name: [] for name, _, _ in ways}
    for _, create, _ in ways:
        create()  # open connections; let our verifier learn the key
    for _ in range(ROUNDS):
        for name, create, times in ways:
            for _ in range(times):
                started, busy = time.perf_counter(), time.process_time()
                create()
                wall[name].append(1000 * (time.perf_counter() - started))
                cpu[name].append(1000 * (time.process_time() - busy))
    return [
        {
            "name": name,
            "create_ms": statistics.median(wall[name]),
            "creates_per_s": 1000 / statistics.mean(wall[name]),
            "cpu_ms_per_create": statistics.mean(cpu[name]),
        }
        for name, _, _ in ways
    ]


@contextmanager
def _serving(environment: dict[str, str]) -> Iterator[str]:
    """Make this process's handlers use this environment. Returns the database's address."""
    os.environ.update(environment)
    parts = wiring.build(environment)
    wiring.use(parts)
    try:
        yield environment["DATABASE_URL"]
    finally:
        parts.close()
        wiring.use(None)


def _issue(url: str, tenant: Tenant, key_id: str, stored_hash: str) -> None:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(ISSUE, (key_id, tenant.consumer_id, stored_hash))
