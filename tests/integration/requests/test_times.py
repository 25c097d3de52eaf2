"""Times that a caller sends: what the database cannot hold or give back is refused at the door."""

from __future__ import annotations

import pytest

from tests.support.banking import Bank


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
