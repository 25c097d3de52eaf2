"""A frozen database server: its kernel still acknowledges, and no call waits for it without end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from chalicelib.banking.wiring import Parts
from fintegrate.database import Database, NoAnswer
from local.services.running import RunningServices
from tests.support.banking import Bank, parts_with
from tests.support.fixtures import Query
from tests.support.waiting import eventually

SHORT = {"DATABASE_STATEMENT_TIMEOUT_MS": "300", "DATABASE_CONNECT_TIMEOUT_SECONDS": "1"}


@pytest.fixture
def impatient(bank: Bank, environment: dict[str, str]) -> Iterator[Parts]:
    """A process whose statements may take 0.3 s."""
    with parts_with(environment, **SHORT) as parts:
        yield parts


@pytest.fixture
def freeze(services: RunningServices) -> Iterator[Callable[[], None]]:
    yield services.postgresql.pause
    services.postgresql.resume()


def test_warm_process_gives_a_frozen_server_up(
    bank: Bank, impatient: Parts, freeze: Callable[[], None], services: RunningServices
) -> None:
    bank.create_customer()
    freeze()

    replies = [bank.api.post("/customer/data", name="Ada") for _ in range(2)]  # kept, then new

    assert [reply.status for reply in replies] == [503, 503]
    assert all(reply.headers["Retry-After"] for reply in replies)
    services.postgresql.resume()
    bank.create_customer()


def test_sweep_gives_a_frozen_server_up(impatient: Parts, freeze: Callable[[], None]) -> None:
    database = impatient.sweep_database
    assert database.fetch_one("SELECT 1 AS one", {})
    freeze()

    with pytest.raises(NoAnswer):
        database.fetch_one("SELECT 1 AS one", {}, revive=True)


def test_transaction_gives_a_frozen_server_up(
    database_url: str, freeze: Callable[[], None], query: Query
) -> None:
    query("CREATE TABLE marks (mark integer)")
    database = Database(database_url, statement_timeout_ms=300)

    def mark_and_freeze() -> None:
        with database.transaction():
            database.execute("INSERT INTO marks VALUES (1)", {})
            freeze()

    with pytest.raises(NoAnswer):
        mark_and_freeze()
    assert not database.in_transaction


@pytest.fixture
def wait_for_standby(query: Query) -> Iterator[Callable[[str], None]]:
    """Commits wait for a synchronous standby of this name, which does not answer; '' ends that."""

    def wait_for(standby: str) -> None:
        query(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'")
        query("SELECT pg_reload_conf()")
        eventually(
            lambda: (
                query("SHOW synchronous_standby_names")[0]["synchronous_standby_names"] == standby
            ),
            "the server's new setting",
        )

    yield wait_for
    wait_for("")


def test_unknown_commit_loses_the_answer_alone(
    bank: Bank, impatient: Parts, wait_for_standby: Callable[[str], None], query: Query
) -> None:
    wait_for_standby("nobody")

    reply = bank.api.post("/customer/data", name="Ada")

    assert reply.status == 503
    assert reply.headers["Retry-After"]
    wait_for_standby("")
    eventually(
        lambda: query("SELECT event_id FROM customer_events WHERE payload_json->>'name' = 'Ada'"),
        "the event of the unanswered request",
    )


def test_longer_statements_may_be_agreed(database_url: str) -> None:
    """A transaction that sets a longer timeout gets the time."""
    database = Database(database_url, statement_timeout_ms=100)

    with database.transaction(statement_seconds=10):
        database.execute("SET LOCAL statement_timeout = 10000", {})
        assert database.fetch_one("SELECT pg_sleep(1.5) AS slept", {}) is not None


def test_pause_between_statements_costs_nothing(database_url: str) -> None:
    """What the process does itself, within a transaction or outside, is no wait for the server."""
    database = Database(database_url, statement_timeout_ms=100)

    with database.transaction():
        first = database.fetch_one("SELECT pg_backend_pid() AS pid", {})
        time.sleep(1.5)  # longer than any answer may take; nothing happens that could be waited for
        assert database.fetch_one("SELECT pg_backend_pid() AS pid", {}) == first
