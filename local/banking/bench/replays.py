"""Measures a replay of what a bank has missed: its rate, and what creates beside it notice of it."""

from __future__ import annotations

from local.banking.bench.api import looking, post_with
from local.banking.bench.background_work import creates_beside, worker
from local.banking.bench.backlog import execute, write_pending
from local.banking.bench.creates import creating
from local.banking.bench.databases import BenchTemplate
from local.bench.figures import Figures
from local.bench.percentiles import p50_p99

EVENTS = 10_000
PER_SECOND = 500
PATIENCE_SECONDS = 60
PUBLISHED = """
UPDATE customer_events
SET publish_status = 'published', published_at = created_at, publish_failure_reason = NULL
WHERE consumer_id = %(consumer_id)s AND publish_status = 'pending'
"""


def replay(template: BenchTemplate) -> Figures:
    """The seconds for 10,000 events at 500 a second; another bank's creates without it and beside it."""
    with template.copy() as database:
        bank, other = database.tenants[:2]
        write_pending(database.database_url, [bank], EVENTS)
        execute(database.database_url, PUBLISHED, {"consumer_id": bank.consumer_id})
        create = creating(other)
        without = creates_beside(create)
        with worker("replay", PATIENCE_SECONDS) as work:
            job = post_with(bank.key)("/replay/data", {"per_second": PER_SECOND})
            finished = work()
            beside = creates_beside(create)
            seconds = finished()
        told = looking(bank.key, "/replay/data", {"job_id": job["job_id"]})()["body"]
        if f'"sent":{EVENTS},' not in told:
            raise RuntimeError(f"not {EVENTS} events were sent: {told}")
    (p50, p99), (p50_without, p99_without) = p50_p99(beside), p50_p99(without)
    return {
        "replay_10000_s": seconds,
        "replay_create_p50_ms": p50,
        "replay_create_p99_ms": p99,
        "replay_create_vs_without_p50": p50 / p50_without,
        "replay_create_vs_without_p99": p99 / p99_without,
    }
