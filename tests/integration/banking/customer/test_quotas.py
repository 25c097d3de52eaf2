"""A consumer's customers, events of a day and snapshots are bounded; the schedule counts them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import psycopg2
import pytest

from chalicelib.banking.customer.quotas import seconds_to_midnight
from chalicelib.banking.customer.usage import CountsMissing
from tests.support.banking import Bank, parts_with
from tests.support.fixtures import Query
from tests.support.schedules import run_schedule

CLOCK = """
CREATE SCHEMA clock;
CREATE TABLE clock.ahead AS
    SELECT date_trunc('day', now(), 'UTC') + interval '12 hours' - now() AS by;
CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql
    AS 'SELECT pg_catalog.clock_timestamp() + by FROM clock.ahead';
CREATE FUNCTION clock.statement_timestamp() RETURNS timestamptz LANGUAGE sql
    AS 'SELECT pg_catalog.statement_timestamp() + by FROM clock.ahead';
GRANT USAGE ON SCHEMA clock TO PUBLIC;
GRANT SELECT ON clock.ahead TO PUBLIC;
DO $$ BEGIN
    EXECUTE 'ALTER DATABASE ' || quote_ident(current_database())
            || ' SET search_path = clock, pg_catalog, public';
END $$
"""
BOUNDS = {
    "CONSUMER_MAX_CUSTOMERS": "3",
    "CONSUMER_MAX_EVENTS_PER_DAY": "6",
    "CONSUMER_MAX_SNAPSHOTS": "2",
}


@pytest.fixture
def environment(environment: dict[str, str], query: Query) -> dict[str, str]:
    """What connects to this database from now on finds a clock that goes on from noon (UTC).

    So the day does not end, or has not just begun, while a test runs.
    """
    query(CLOCK)
    return environment


def count(environment: dict[str, str]) -> dict[str, int]:
    with parts_with(environment, **BOUNDS):
        return run_schedule("count_usage")


def usage(query: Query, bank: Bank) -> tuple[object, object]:
    """What was counted for good: events and customers."""
    (row,) = query(
        "SELECT events_of_day, customers FROM consumer_usage WHERE consumer_id = %(id)s",
        id=bank.consumer_id,
    )
    return row["events_of_day"], row["customers"]


def age(query: Query, seconds: int) -> None:
    """Let everything have happened earlier."""
    query("ALTER TABLE customer_events DISABLE TRIGGER customer_events_immutable")
    for table, column in (
        ("customer_events", "created_at"),
        ("customer_analytics", "snapshot_at"),
        ("consumer_usage", "counted_until"),
    ):
        query(
            f"UPDATE {table} SET {column} = {column} - make_interval(secs => %(seconds)s)",
            seconds=seconds,
        )
    query("ALTER TABLE customer_events ENABLE TRIGGER customer_events_immutable")


def test_full_consumer_creates_no_more(
    make_bank: Callable[[], Bank], environment: dict[str, str]
) -> None:
    bank, other = make_bank(), make_bank()
    ids = [bank.create_customer() for _ in range(3)]
    assert count(environment) == {"counted": 3, "full": 1}

    reply = bank.api.post("/customer/data", name="One More")

    assert reply.status == 429
    assert reply.description.startswith(
        "This consumer has as many customers as it may have; delete some; try again in "
    )
    assert 0 < int(reply.headers["Retry-After"]) <= 86_400
    assert other.create_customer()
    assert bank.api.get("/customer/list").status == 200
    assert bank.api.delete("/customer/data", customer_id=ids[0]).status == 200
    count(environment)
    assert bank.create_customer()


def test_full_day_takes_no_event(bank: Bank, environment: dict[str, str], query: Query) -> None:
    customer_id = bank.create_customer()
    for status in ("INACTIVE", "ACTIVE") * 3:
        bank.api.patch("/customer/change-status", customer_id=customer_id, status=status)
    count(environment)

    for send in (
        lambda: bank.api.post("/customer/data", name="One More"),
        lambda: bank.api.patch(
            "/customer/change-status", customer_id=customer_id, status="INACTIVE"
        ),
        lambda: bank.api.delete("/customer/data", customer_id=customer_id),
    ):
        assert send().status == 429
    query("UPDATE consumer_usage SET day = day - 1")  # the day has ended, and nobody has counted
    assert bank.api.delete("/customer/data", customer_id=customer_id).status == 200


def test_full_consumer_takes_no_snapshot(
    make_bank: Callable[[], Bank], environment: dict[str, str], query: Query
) -> None:
    """Of all its customers together, the deleted ones included."""
    bank, other = make_bank(), make_bank()
    ids = [bank.create_customer() for _ in range(2)]
    for customer_id in ids:
        assert count(environment)["full"] == 0
        assert bank.api.post("/customer/analytics", customer_id=customer_id).status == 201
    bank.api.delete("/customer/data", customer_id=ids[0])

    for _ in range(3):  # counted young, counted for good, and remembered
        assert count(environment) == {"counted": 3, "full": 1}
        reply = bank.api.post("/customer/analytics", customer_id=ids[1])
        assert (reply.status, reply.description) == (
            409,
            "This consumer has as many snapshots as are kept",
        )
        age(query, 61)
    query("UPDATE consumer_usage SET day = day - 1")
    assert count(environment)["full"] == 1
    assert bank.create_customer()
    assert other.api.post("/customer/analytics", customer_id=other.create_customer()).status == 201


def test_refused_create_may_be_repeated(
    bank: Bank, environment: dict[str, str], query: Query
) -> None:
    """Its idempotency key is not used up."""
    for _ in range(3):
        bank.create_customer()
    count(environment)
    again = {"headers": {"Idempotency-Key": "later"}}
    assert bank.api("POST", "/customer/data", {"name": "Late"}, **again).status == 429
    query("UPDATE consumer_usage SET customers_full = false")

    assert bank.api("POST", "/customer/data", {"name": "Late"}, **again).status == 201


def test_counts_go_on_from_before(bank: Bank, environment: dict[str, str], query: Query) -> None:
    """Young events are counted again in the next run, older ones once."""
    ids = [bank.create_customer() for _ in range(2)]
    count(environment)
    before = usage(query, bank)
    age(query, 61)
    count(environment)
    bank.api.delete("/customer/data", customer_id=ids[0])
    bank.create_customer()
    count(environment)
    between = usage(query, bank)
    age(query, 61)
    count(environment)

    assert (before, between, usage(query, bank)) == ((0, 0), (2, 2), (4, 2))


def test_quiet_bank_is_not_full(bank: Bank, environment: dict[str, str], query: Query) -> None:
    """It has written one event less than it may, long ago."""
    customer_id = bank.create_customer()
    for status in ("INACTIVE", "ACTIVE") * 2:
        bank.api.patch("/customer/change-status", customer_id=customer_id, status=status)
    for _ in range(2):
        count(environment)
        age(query, 61)

    assert count(environment)["full"] == 0


def test_new_day_counts_anew(bank: Bank, environment: dict[str, str], query: Query) -> None:
    """What was lost or counted twice lasts until the day's end."""
    bank.create_customer()
    age(query, 61)
    count(environment)
    query("UPDATE consumer_usage SET day = day - 1, events_of_day = 9, customers = 9")

    count(environment)

    assert usage(query, bank) == (1, 1)


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        (datetime(2026, 12, 31, tzinfo=UTC), 86_401),
        (datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), 1),
    ],
)
def test_day_ends_in_utc(now: datetime, seconds: int) -> None:
    assert seconds_to_midnight(now) == seconds


def test_slow_count_stops_no_other(
    make_bank: Callable[[], Bank], environment: dict[str, str], query: Query, database_url: str
) -> None:
    first, second = sorted((make_bank(), make_bank()), key=lambda bank: bank.name)
    run_schedule("count_usage")
    age(query, 600)
    second.create_customer()
    held = psycopg2.connect(database_url)
    with held, held.cursor() as cursor:
        cursor.execute(
            "SELECT FROM consumer_usage WHERE consumer_id = %s FOR UPDATE", [first.consumer_id]
        )
        with parts_with(environment, DATABASE_LOCK_TIMEOUT_MS="200"):
            before = counted_until(query, second)
            with pytest.raises(CountsMissing, match=first.name):
                run_schedule("count_usage")
    held.close()

    assert counted_until(query, second) > before


def counted_until(query: Query, bank: Bank) -> datetime:
    (row,) = query(
        "SELECT counted_until FROM consumer_usage WHERE consumer_id = %(id)s", id=bank.consumer_id
    )
    until = row["counted_until"]
    assert isinstance(until, datetime)
    return until
