"""The daily purge: what is too old goes, in batches; what is not stays, and events stay for ever."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest

from chalicelib.banking.wiring import Parts
from tests.support.banking import Bank, parts_with
from tests.support.fixtures import Query
from tests.support.schedules import run_schedule

KEYS = """
INSERT INTO idempotency_keys (consumer_id, idempotency_key, request_hash, created_at)
SELECT gen_random_uuid(), 'k', 'h', clock_timestamp() - %(age)s::interval
FROM generate_series(1, %(count)s)
"""
RECEIPTS = """
INSERT INTO consumer_event_receipts
    (consumer_id, event_id, customer_id, event_type, processing_status, created_at, updated_at)
SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'customer_creation', 'processed',
       clock_timestamp() - interval '1000 days', clock_timestamp() - %(age)s::interval
FROM generate_series(1, %(count)s)
"""
ATTEMPTS = """
INSERT INTO event_attempts (event_id, consumer_id, by, outcome, at)
SELECT gen_random_uuid(), gen_random_uuid(), 'resend', 'nacked', clock_timestamp() - %(age)s::interval
FROM generate_series(1, %(count)s)
"""
AUDIT_ROWS = """
INSERT INTO audit_log (request_id, action, status_code, reason, created_at)
SELECT 'r', 'a', 401, 'x', clock_timestamp() - %(age)s::interval
FROM generate_series(1, %(count)s)
"""
LETTERS = """
INSERT INTO dead_letters (queue_name, consumer_id, event_id, reason, body, properties_json, fingerprint,
                          created_at)
SELECT 'q', gen_random_uuid(), %(event_id)s::uuid, 'rejected', '', '{}', gen_random_uuid()::text,
       clock_timestamp() - %(age)s::interval
FROM generate_series(1, %(count)s)
"""
REPLAYS = """
INSERT INTO replays (job_id, consumer_id, status, mode, filter_json, filter_hash, include_late,
                     per_second, request_id, matched, is_counted, finished_at)
SELECT gen_random_uuid(), gen_random_uuid(), 'done', 'missed', '{}', 'h', false, 50, 'r', 0, true,
       clock_timestamp() - %(age)s::interval
FROM generate_series(1, %(count)s)
"""
UNMATCHED = LETTERS.replace("%(event_id)s", "NULL")
TABLES = {
    KEYS: "idempotency_keys",
    RECEIPTS: "consumer_event_receipts",
    ATTEMPTS: "event_attempts",
    AUDIT_ROWS: "audit_log",
    REPLAYS: "replays",
    UNMATCHED: "dead_letters",
}
NOTHING = {
    "idempotency_keys": 0,
    "receipts": 0,
    "attempts": 0,
    "audit_rows": 0,
    "console_sessions": 0,
    "replays": 0,
    "dead_letters": 0,
}


@pytest.fixture
def small_batches(environment: dict[str, str], parts: Parts) -> Iterator[Parts]:
    """Retention of 10, 20 and 30 days, three rows a batch."""
    assert parts
    days = {"RECEIPT": "10", "AUDIT": "20", "DEAD_LETTER": "30"}
    settings = {f"{kind}_RETENTION_DAYS": kept for kind, kept in days.items()}
    settings["SWEEP_BATCH"] = "3"
    with parts_with(environment, **settings) as parts:
        yield parts


@pytest.mark.parametrize(
    ("rows", "too_old", "young_enough", "kind"),
    [
        (KEYS, "24 hours 1 minute", "23 hours 59 minutes", "idempotency_keys"),
        (RECEIPTS, "10 days 1 minute", "9 days 23 hours", "receipts"),
        (ATTEMPTS, "10 days 1 minute", "9 days 23 hours", "attempts"),
        (AUDIT_ROWS, "20 days 1 minute", "19 days 23 hours", "audit_rows"),
        (REPLAYS, "10 days 1 minute", "9 days 23 hours", "replays"),
        (UNMATCHED, "30 days 1 minute", "29 days 23 hours", "dead_letters"),
    ],
)
@pytest.mark.usefixtures("small_batches")
def test_only_old_rows_are_purged(
    query: Query, rows: str, too_old: str, young_enough: str, kind: str
) -> None:
    query(rows, age=too_old, count=8)
    query(rows, age=young_enough, count=4)

    assert run_schedule("purge") == {**NOTHING, kind: 8}
    assert run_schedule("purge") == NOTHING

    assert query(f"SELECT count(*) AS count FROM {TABLES[rows]}") == [{"count": 4}]


@pytest.mark.usefixtures("small_batches")
def test_uncounted_replay_stays(query: Query) -> None:
    query(REPLAYS, age="1000 days", count=2)
    query("UPDATE replays SET is_counted = false")

    assert run_schedule("purge") == NOTHING


@pytest.mark.usefixtures("small_batches")
def test_failed_event_keeps_its_letters(bank: Bank, query: Query) -> None:
    """They say why it failed. They go when it was delivered after all."""
    bank.create_customer()
    (event,) = query("SELECT event_id FROM customer_events WHERE event_type = 'customer_creation'")
    query(LETTERS, age="31 days", count=2, **event)
    query(
        "UPDATE customer_events SET deliver_status = 'failed' WHERE event_id = %(event_id)s",
        **event,
    )

    assert run_schedule("purge") == NOTHING

    bank.api.post("/events/confirm-delivery", **event, status="processed")
    assert run_schedule("purge") == {**NOTHING, "dead_letters": 2}


@pytest.mark.usefixtures("small_batches")
def test_statements_delete_one_batch_each(query: Query) -> None:
    query("CREATE TABLE deletions (count bigint); GRANT INSERT ON deletions TO PUBLIC")
    query("""CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN INSERT INTO deletions SELECT count(*) FROM gone; RETURN NULL; END $$""")
    query("""CREATE TRIGGER note AFTER DELETE ON audit_log REFERENCING OLD TABLE AS gone
             FOR EACH STATEMENT EXECUTE FUNCTION note()""")
    query(AUDIT_ROWS, age="30 days", count=7)

    run_schedule("purge")

    assert query("SELECT count FROM deletions ORDER BY count DESC") == [
        {"count": 3},
        {"count": 3},
        {"count": 1},
    ]


@pytest.mark.usefixtures("small_batches")
def test_locked_rows_wait_for_next_run(query: Query, database_url: str) -> None:
    query(KEYS, age="30 hours", count=2)
    other_run = psycopg2.connect(database_url)
    with other_run, other_run.cursor() as cursor:
        cursor.execute("SELECT * FROM idempotency_keys LIMIT 1 FOR UPDATE")
        assert run_schedule("purge")["idempotency_keys"] == 1
    other_run.close()

    assert run_schedule("purge")["idempotency_keys"] == 1


def test_run_ends_when_time_is_up(environment: dict[str, str], parts: Parts, query: Query) -> None:
    query(AUDIT_ROWS, age="1000 days", count=2)
    assert parts
    with parts_with(environment, SWEEP_SECONDS="0"):
        assert run_schedule("purge") == NOTHING

    assert run_schedule("purge")["audit_rows"] == 2


def test_events_and_customers_are_never_purged(bank: Bank, query: Query) -> None:
    bank.create_customer()
    rows = query(
        "SELECT (SELECT count(*) FROM customer_events) AS events, "
        "(SELECT count(*) FROM customers) AS customers"
    )

    run_schedule("purge")

    assert (
        query(
            "SELECT (SELECT count(*) FROM customer_events) AS events, "
            "(SELECT count(*) FROM customers) AS customers"
        )
        == rows
    )


@pytest.mark.usefixtures("small_batches")
def test_purge_survives_a_dead_connection(query: Query) -> None:
    run_schedule("purge")
    query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    assert run_schedule("purge") == NOTHING
