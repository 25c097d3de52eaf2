"""Several requests on one customer at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle, islice

import psycopg2
import psycopg2.extensions
import pytest

from tests.integration.banking.customer.tagging import tags_of
from tests.support.api import Reply
from tests.support.banking import Bank, together
from tests.support.broker import take
from tests.support.fixtures import Query
from tests.support.outbox import assert_in_order
from tests.support.waiting import eventually

WAITING = """
SELECT 1 FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND state = 'active'
"""


@pytest.fixture
def other_request(database_url: str) -> Iterator[psycopg2.extensions.connection]:
    """The transaction of a request that is halfway through."""
    connection = psycopg2.connect(database_url)
    yield connection
    connection.close()


def meanwhile(
    send: Callable[[], Reply], connection: psycopg2.extensions.connection, query: Query
) -> Reply:
    """The reply to a request that found the halfway one in its way, and waited for its commit."""
    replies: list[Reply] = []
    together([lambda: replies.append(send()), committer(connection, query)])
    return replies[0]


def committer(connection: psycopg2.extensions.connection, query: Query) -> Callable[[], None]:
    """Commits the halfway request once somebody waits for its lock."""

    def commit_when_awaited() -> None:
        eventually(lambda: query(WAITING), "somebody waits for the lock")
        connection.commit()

    return commit_when_awaited


def change_status(bank: Bank, customer_id: str, status: str) -> Reply:
    return bank.api.patch("/customer/change-status", customer_id=customer_id, status=status)


def add_tag(bank: Bank, customer_id: str, key: str) -> Reply:
    return bank.api.post("/customer/tag", customer_id=customer_id, tag_keys=[key], tag_values=["1"])


def sequences(query: Query, customer_id: str) -> list[object]:
    rows = query(
        "SELECT sequence FROM customer_events WHERE customer_id = %(id)s ORDER BY created_at",
        id=customer_id,
    )
    return [row["sequence"] for row in rows]


def test_second_equal_status_change_is_refused(bank: Bank, customer_id: str, query: Query) -> None:
    for status in ("INACTIVE", "ACTIVE", "INACTIVE"):
        replies = together([partial(change_status, bank, customer_id, status)] * 2)
        assert sorted(reply.status for reply in replies) == [200, 409]

    assert sequences(query, customer_id) == [1, 2, 3, 4]


def test_of_two_deletions_one_finds_nothing(bank: Bank, customer_id: str, query: Query) -> None:
    replies = together([partial(bank.api.delete, "/customer/data", customer_id=customer_id)] * 2)

    assert sorted(reply.status for reply in replies) == [200, 404]
    assert sequences(query, customer_id) == [1, 2]


def test_simultaneous_equal_tags_add_one(bank: Bank, customer_id: str) -> None:
    replies = together([partial(add_tag, bank, customer_id, "same")] * 5)

    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409, 409]
    assert tags_of(bank, customer_id) == {"same": "1"}


def test_second_rename_to_key_is_refused(bank: Bank, tagged: str) -> None:
    rename = partial(bank.api.patch, "/customer/tag-key", customer_id=tagged, new_tag_key="new")

    replies = together([partial(rename, tag_key="city"), partial(rename, tag_key="tier")])

    assert sorted(reply.status for reply in replies) == [200, 409]
    assert len(tags_of(bank, tagged)) == 2


def test_deletion_takes_tags_added_meanwhile(
    bank: Bank, customer_id: str, query: Query, other_request: psycopg2.extensions.connection
) -> None:
    with other_request.cursor() as cursor:
        cursor.execute("UPDATE customers SET updated_at = clock_timestamp()")
        cursor.execute("INSERT INTO customer_tags VALUES (%s, 'late', '1')", [customer_id])

    delete = partial(bank.api.delete, "/customer/data", customer_id=customer_id)
    reply = meanwhile(delete, other_request, query)

    assert reply.status == 200
    assert query("SELECT 1 FROM customer_tags") == []


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("POST", "/customer/tag", {"tag_keys": ["new"], "tag_values": ["1"]}),
        ("PATCH", "/customer/tag-key", {"tag_key": "city", "new_tag_key": "new"}),
        ("PATCH", "/customer/tag-value", {"tag_key": "city", "new_tag_value": "new"}),
        ("DELETE", "/customer/tag", {"tag_key": "city"}),
        ("PATCH", "/customer/change-status", {"status": "INACTIVE"}),
    ],
)
def test_change_after_deletion_finds_nothing(
    bank: Bank,
    tagged: str,
    query: Query,
    other_request: psycopg2.extensions.connection,
    method: str,
    path: str,
    fields: dict[str, object],
) -> None:
    with other_request.cursor() as cursor:
        cursor.execute("UPDATE customers SET status = 'INACTIVE' WHERE status <> 'INACTIVE'")
        cursor.execute("DELETE FROM customers")
        cursor.execute("DELETE FROM customer_tags")

    change = partial(bank.api, method, path, {"customer_id": tagged, **fields})
    reply = meanwhile(change, other_request, query)

    assert reply.status == 404
    assert query("SELECT 1 FROM customer_tags") == []
    assert sequences(query, tagged) == [1]


def test_deletion_during_tagging_leaves_none(bank: Bank, query: Query) -> None:
    for _ in range(5):
        customer_id = bank.create_customer()
        calls = [partial(add_tag, bank, customer_id, key) for key in "abc"]
        delete = partial(bank.api.delete, "/customer/data", customer_id=customer_id)
        statuses = [reply.status for reply in together([*calls, delete])]
        assert statuses[-1] == 200
        assert set(statuses[:-1]) <= {201, 404}

    assert query("SELECT 1 FROM customer_tags") == []


def test_many_writers_leave_sequences_without_gaps(
    bank: Bank, customer_id: str, query: Query, rabbitmq_url: str
) -> None:
    def change_often() -> int:
        wanted = islice(cycle(("INACTIVE", "ACTIVE")), 10)
        return sum(change_status(bank, customer_id, status).status == 200 for status in wanted)

    written = 1 + sum(together([change_often] * 6))

    assert sequences(query, customer_id) == list(range(1, written + 1))
    resent = bank.api.post("/events/resend", period_in_days=1)
    assert resent.data["summary"]["failed"] == 0, resent
    assert_in_order(take(rabbitmq_url, bank.name, written))
