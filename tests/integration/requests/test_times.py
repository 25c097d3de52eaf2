"""Times that a caller sends: what the database cannot hold or give back is refused at the door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.banking.customer.tagging import add_tags
from tests.support.api import Api
from tests.support.banking import Bank, parts_with
from tests.support.broker import take
from tests.support.fixtures import Query


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00.000000+00:00"),
        ("2020-01-01T00:00:00+23:59", "2019-12-31T00:01:00.000000+00:00"),
        ("2020-01-01t00:00:00.123456-02:00", "2020-01-01T02:00:00.123456+00:00"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000000+00:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000+00:00"),
    ],
)
def test_offset_times_become_utc(bank: Bank, event_id: str, sent: str, shown: str) -> None:
    confirmed = bank.api.post(
        "/events/confirm-delivery", event_id=event_id, status="received", received_at=sent
    )

    assert confirmed.status == 200, confirmed
    (receipt,) = bank.api.get("/events/data", event_id=event_id).data["receipts"]
    assert receipt["received_at"] == shown


@pytest.mark.parametrize("sent", ["9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00"])
def test_time_outside_the_calendar_is_refused(bank: Bank, event_id: str, sent: str) -> None:
    reply = bank.api.post(
        "/events/confirm-delivery", event_id=event_id, status="received", received_at=sent
    )

    assert (reply.status, reply.description) == (
        422,
        "received_at: must be a time between the years 1 and 9999 in UTC",
    )


@pytest.mark.parametrize(
    "sent", ["2020-01-01T00:00:00", "2020-01-01", "yesterday", "", 1577836800, True, ["x"]]
)
def test_anything_else_is_refused(bank: Bank, event_id: str, sent: object) -> None:
    reply = bank.api.post(
        "/events/confirm-delivery", event_id=event_id, status="received", received_at=sent
    )

    assert reply.status == 422
    assert reply.description == f"received_at: must be an ISO 8601 time with offset, got {sent!r}"


@pytest.fixture
def bank_far_away(
    make_bank: Callable[[], Bank], environment: dict[str, str], query: Query
) -> Iterator[Bank]:
    """A bank on a server with another zone than UTC, which takes none from a client, as RDS Proxy."""
    (database,) = query("SELECT current_database() AS name")
    query(f"ALTER DATABASE {database['name']} SET timezone = 'Asia/Kathmandu'")
    with parts_with(environment, DATABASE_OPTIONS="server"):
        yield make_bank()


def test_times_are_utc_on_any_server(admin: Api, bank_far_away: Bank, rabbitmq_url: str) -> None:
    customer_id = lead_a_life(bank_far_away)
    contents = read_customer(bank_far_away, customer_id)
    bank_far_away.api.delete("/customer/data", customer_id=customer_id)
    contents += read_as_admin(admin)
    contents += [delivery.body for delivery in take(rabbitmq_url, bank_far_away.name, 3)]

    for content in contents:
        assert_of_now(times_in(content))


def lead_a_life(bank: Bank) -> str:
    """A customer with something in each table that has times; its id."""
    customer_id = bank.create_customer()
    add_tags(bank, customer_id, city="Riga")
    bank.api.post("/customer/analytics", customer_id=customer_id)
    bank.api.patch("/customer/change-status", customer_id=customer_id, status="INACTIVE")
    return customer_id


def read_customer(bank: Bank, customer_id: str) -> list[object]:
    """What the bank's own endpoints say."""
    return [
        bank.api.get("/customer/data", customer_id=customer_id).data,
        bank.api.get("/customer/list").data,
        bank.api.get("/customer/analytics", customer_id=customer_id).data,
        bank.api.get("/consumer/api-key").data,
    ]


def read_as_admin(admin: Api) -> list[object]:
    """What the admin sees: consumers, the ledger, the events and each one's life."""
    listed = admin.get("/events/list", limit=200).data
    events = [event["event_id"] for event in listed["events"]]
    return [
        admin.get("/consumer/list").data,
        admin.get("/events/reconcile").data,
        listed,
        *(admin.get("/events/data", event_id=event_id).data for event_id in events),
    ]


def times_in(value: object) -> list[str]:
    """Every text of an answer that is a time."""
    if isinstance(value, dict):
        return [time for entry in value.values() for time in times_in(entry)]
    if isinstance(value, list):
        return [time for entry in value for time in times_in(entry)]
    return [value] if isinstance(value, str) and value[4:5] == "-" and "T" in value else []


def assert_of_now(times: list[str]) -> None:
    """They are written in UTC, and are not those of another zone."""
    assert times
    for time in times:
        assert time.endswith("+00:00")
        assert datetime.fromisoformat(time) > datetime.now(UTC) - timedelta(hours=1)
