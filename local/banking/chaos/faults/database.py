"""Faults inside a running PostgreSQL: terminated sessions, locked rows and slow commits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from random import Random

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812  # the driver's class

from local.banking.chaos.faults.targets import Targets

TERMINATE = """
SELECT pg_terminate_backend(pid)
FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'fintegrate' AND random() < %(share)s
"""
LOCK_CUSTOMERS = """
SELECT FROM customers WHERE customer_id = ANY (%(ids)s::uuid[]) FOR UPDATE
"""
LOCK_EVENTS = """
SELECT FROM customer_events WHERE publish_status = 'pending' OR deliver_status = 'pending'
ORDER BY created_at DESC LIMIT 5 FOR UPDATE SKIP LOCKED
"""
COMMIT_DELAY_MICROSECONDS = 60_000


@contextmanager
def _session(targets: Targets, *, autocommit: bool = True) -> Iterator[Cursor]:
    """A session of the run's own, which does not go through the proxy."""
    url = targets.bed.database_url
    with closing(psycopg2.connect(url, application_name="chaos")) as connection:
        connection.autocommit = autocommit
        with connection.cursor() as cursor:
            yield cursor


def backends_terminated(targets: Targets, random: Random, seconds: float) -> None:
    """Terminate sessions of the functions, whatever they are doing."""
    for _ in range(3):
        with _session(targets) as cursor:
            cursor.execute(TERMINATE, {"share": random.uniform(0.2, 1)})
        targets.last(seconds / 3)


def rows_locked(targets: Targets, random: Random, seconds: float) -> None:
    """Lock rows of customers and of events that are not yet published."""
    chosen = [
        pick for each in targets.load.customers.values() for _ in "12" if (pick := each.any(random))
    ]
    with _session(targets, autocommit=False) as cursor:
        cursor.execute(LOCK_CUSTOMERS, {"ids": [customer_id for customer_id, _ in chosen]})
        cursor.execute(LOCK_EVENTS)
        targets.last(seconds)


def commits_slow(targets: Targets, _random: Random, seconds: float) -> None:
    """Delay every commit before its flush, as on a slow disk (`commit_delay`)."""
    with _session(targets) as cursor:
        cursor.execute("ALTER SYSTEM SET commit_siblings = 0")
        cursor.execute("ALTER SYSTEM SET commit_delay = %s", (COMMIT_DELAY_MICROSECONDS,))
        cursor.execute("SELECT pg_reload_conf()")
        try:
            targets.last(seconds)
        finally:
            cursor.execute("ALTER SYSTEM RESET commit_siblings")
            cursor.execute("ALTER SYSTEM RESET commit_delay")
            cursor.execute("SELECT pg_reload_conf()")
