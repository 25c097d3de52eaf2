"""Banking's own schema: the tables keep what the contract says."""

from __future__ import annotations

from contextlib import closing

import psycopg2
import pytest

from fintegrate.migrations import migrate
from tests.support.fixtures import Query
from tests.support.schemas import MIGRATIONS, SCHEMA, catalog, run

NEWEST = "20261127_1931"
"""Migrations from here on are to pass beside readers of large tables."""
TABLES = [
    "archive_turns",
    "archived_events",
    "archives",
    "audit_log",
    "broker_access",
    "console_sessions",
    "consumer_api_keys",
    "consumer_event_receipts",
    "consumer_usage",
    "consumers",
    "customer_analytics",
    "customer_events",
    "customer_tags",
    "customers",
    "dead_letters",
    "erasures",
    "event_attempts",
    "event_attempts_attempt_id_seq",
    "export_files",
    "exports",
    "idempotency_keys",
    "last_reconciliation",
    "lost_events",
    "migration_history",
    "offboardings",
    "onboardings",
    "publishing_pauses",
    "queue_observations",
    "recovery",
    "replay_batches",
    "replay_jobs",
    "replays",
    "schedule_runs",
    "stream_hours",
    "stream_minutes",
    "webhook_copies",
    "webhook_tests",
    "webhook_turns",
    "webhooks",
]


def test_comparison_sees_what_could_differ(url: str) -> None:
    """A comparison of nothing with nothing would hold as well."""
    run(url, SCHEMA.read_text())

    found = catalog(url)

    assert [row[0] for row in found["tables"]] == TABLES
    for kind in ("columns", "constraints", "indexes", "triggers", "functions", "grants"):
        assert found[kind], kind


@pytest.mark.parametrize("table", ["customer_events", "customers", "dead_letters"])
def test_migrations_wait_for_no_reader(url: str, table: str) -> None:
    """A reconciliation reads for minutes. Requests would wait behind a migration that waits for it."""
    for file in sorted(MIGRATIONS.iterdir()):
        if file.name < NEWEST:
            run(url, file.read_text())
    with closing(psycopg2.connect(url)) as reader, reader.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # its lock stays until the transaction ends

        for file in sorted(MIGRATIONS.iterdir()):
            if file.name >= NEWEST:
                run(url, f"SET lock_timeout = '2s'; {file.read_text()}")


def test_partial_indexes_find_pending_work(url: str) -> None:
    migrate(url, MIGRATIONS)
    plan = """
        SET enable_seqscan = off;
        EXPLAIN SELECT event_id FROM customer_events
        WHERE consumer_id = gen_random_uuid() AND publish_status = 'pending'
        ORDER BY created_at, event_id LIMIT 100"""

    assert "customer_events_waiting_of_consumer" in str(run(url, plan))


def test_built_in_admin_exists_once(url: str) -> None:
    migrate(url, MIGRATIONS)

    for file in sorted(MIGRATIONS.iterdir()):
        run(url, file.read_text())

    assert run(url, "SELECT consumer_id, name, status FROM consumers") == [
        ("00000000-0000-0000-0000-000000000001", "system_default", "active")
    ]


@pytest.mark.parametrize(
    "change",
    [
        "event_id = gen_random_uuid()",
        "consumer_id = gen_random_uuid()",
        "customer_id = gen_random_uuid()",
        "sequence = 7",
        "event_type = 'customer_deletion'",
        "source_service = 'x'",
        "payload_json = '{}'",
        "metadata_json = '{}'",
        "created_at = now()",
        "deliver_try_count = 1, payload_json = '{}'",
    ],
)
def test_what_happened_cannot_be_changed(query: Query, event_id: str, change: str) -> None:
    before = query("SELECT * FROM customer_events")

    with pytest.raises(psycopg2.errors.RestrictViolation, match="append-only: UPDATE refused"):
        query(f"UPDATE customer_events SET {change} WHERE event_id = %(id)s", id=event_id)

    assert query("SELECT * FROM customer_events") == before


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM customer_events WHERE event_id = %(id)s",
        "TRUNCATE customer_events",
        "TRUNCATE customers, customer_events CASCADE",
    ],
)
def test_events_cannot_be_removed(query: Query, event_id: str, statement: str) -> None:
    before = query("SELECT * FROM customer_events")

    with pytest.raises(psycopg2.errors.RestrictViolation, match="append-only"):
        query(statement, id=event_id)

    assert query("SELECT * FROM customer_events") == before


def test_an_upsert_is_no_way_around(query: Query, event_id: str) -> None:
    with pytest.raises(psycopg2.errors.RestrictViolation):
        query(
            "INSERT INTO customer_events SELECT * FROM customer_events WHERE event_id = %(id)s "
            "ON CONFLICT (event_id) DO UPDATE SET payload_json = '{}'",
            id=event_id,
        )


@pytest.mark.parametrize(
    "change",
    [
        "publish_status = 'pending', published_at = NULL",
        "publish_status = 'failed', published_at = NULL, publish_failure_reason = 'x'",
        "publish_try_count = 5, publish_last_tried_at = now()",
        "deliver_status = 'delivered', delivered_at = now()",
        "deliver_status = 'failed', deliver_failure_reason = 'x'",
        "deliver_try_count = 2, deliver_last_tried_at = now()",
    ],
)
def test_publishing_and_delivery_may_go_on(query: Query, event_id: str, change: str) -> None:
    query(f"UPDATE customer_events SET {change} WHERE event_id = %(id)s", id=event_id)


@pytest.mark.parametrize(
    "change",
    [
        "publish_status = 'published', published_at = NULL",
        "publish_status = 'pending', published_at = now()",
        "deliver_status = 'delivered', delivered_at = NULL",
        "deliver_status = 'pending', delivered_at = now()",
        "publish_status = 'lost'",
        "deliver_status = 'lost'",
    ],
)
def test_contradictory_facts_are_refused(query: Query, event_id: str, change: str) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation):
        query(f"UPDATE customer_events SET {change} WHERE event_id = %(id)s", id=event_id)
