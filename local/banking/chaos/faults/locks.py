"""Locks rows that the functions need."""

from __future__ import annotations

from random import Random

from local.banking.chaos.faults.targets import Targets
from local.chaos.faults.database import session

LOCK_CUSTOMERS = """
SELECT FROM customers WHERE customer_id = ANY (%(ids)s::uuid[]) FOR UPDATE
"""
LOCK_EVENTS = """
SELECT FROM customer_events WHERE publish_status = 'pending' OR deliver_status = 'pending'
ORDER BY created_at DESC LIMIT 5 FOR UPDATE SKIP LOCKED
"""


def rows_locked(targets: Targets, random: Random, seconds: float) -> None:
    """Lock rows of customers and of events that are not yet published."""
    chosen = [
        pick for each in targets.load.customers.values() for _ in "12" if (pick := each.any(random))
    ]
    with session(targets, autocommit=False) as cursor:
        cursor.execute(LOCK_CUSTOMERS, {"ids": [customer_id for customer_id, _ in chosen]})
        cursor.execute(LOCK_EVENTS)
        targets.last(seconds)
