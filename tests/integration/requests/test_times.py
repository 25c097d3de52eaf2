"""Times that a caller sends: what the database cannot hold or give back is refused at the door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

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


def times_in(value: object) -> list[str]:
    """Every text of an answer that is a time."""
    if isinstance(value, dict):
        return [time for entry in value.values() for time in times_in(entry)]
    if isinstance(value, list):
        return [time for entry in value for time in times_in(entry)]
    return [value] if isinstance(value, str) and value[4:5] == "-" and "T" in value else []


def test_times_are_utc_on_any_server(
    admin: Api,
    make_bank: Callable[[], Bank],
    environment: dict[str, str],
    query: Query,
    rabbitmq_url: str,
) -> None:
    """The zone may be the server's, as with RDS Proxy, which takes none from a client."""
    (database,) = query("SELECT current_database() AS name")
    query(f"ALTER DATABASE {database['name']} SET timezone = 'Asia/Kathmandu'")
    began = datetime.now(UTC)
    with parts_with(environment, DATABASE_OPTIONS="server"):
        bank = make_bank()
        customer_id = bank.create_customer()
        add_tags(bank, customer_id, city="Riga")
        bank.api.post("/customer/analytics", customer_id=customer_id)
        bank.api.patch("/customer/change-status", customer_id=customer_id, status="INACTIVE")
        of_customer = {"customer_id": customer_id}
        answers = [
            bank.api.get("/customer/data", **of_customer),
            bank.api.get("/customer/list"),
            bank.api.get("/customer/analytics", **of_customer),
            bank.api.get("/consumer/api-key"),
            admin.get("/consumer/list"),
            admin.get("/events/reconcile"),
        ]
        bank.api.delete("/customer/data", **of_customer)
        listed = admin.get("/events/list", limit=200)
        answers += [
            listed,
            *(
                admin.get("/events/data", event_id=event["event_id"])
                for event in listed.data["events"]
            ),
        ]
        bodies = [delivery.body for delivery in take(rabbitmq_url, bank.name, 3)]

    assert len(bodies) == 3
    for content in [*(answer.data for answer in answers), *bodies]:
        times = times_in(content)
        assert times
        for time in times:
            assert time.endswith("+00:00")
            assert (
                datetime.fromisoformat(time) - began
            ).total_seconds() > -3600  # the zone is hours away
