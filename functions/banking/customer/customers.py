"""Customers in the database: read, lock and change the caller's own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chalicelib.banking.customer.quotas import check_quota
from fintegrate.database import Row
from fintegrate.errors import NotFound
from fintegrate.http.endpoint import Call
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
NOT_FOUND = "No such customer; check customer_id"


def own(call: Call[Any], customer_id: UUID) -> dict[str, object]:
    """The parameters with which statements find only the caller's own customer."""
    return {"customer_id": str(customer_id), "consumer_id": call.caller.owner_id}


def change_customer(call: Call[Any], statement: str, **values: object) -> Row | None:
    """Run a statement that changes a customer and writes its event; returns the event, or None.

    Raises:
        TooManyRequests: the caller has used up its events of the day.
    """
    check_quota(call, "events")
    return call.db.fetch_one(
        SQL[statement],
        {
            "consumer_id": call.caller.owner_id,
            "consumer_name": call.caller.owner_name,
            "source_service": f"{call.request.method}: {call.request.path}",
            "traceparent": call.request.traceparent,
            "key_id": call.caller.key_id,
            "request_id": call.request.id,
            **values,
        },
    )


def read_customer(call: Call[Any], customer_id: UUID) -> Row:
    """Read the caller's customer with its tags.

    Raises:
        NotFound: the caller has no such customer.
    """
    row = call.db.fetch_one(SQL["read_customer"], own(call, customer_id))
    if row is None:
        raise NotFound(NOT_FOUND)
    return row


def lock_customer(call: Call[Any], customer_id: UUID) -> None:
    """Block other changes of the customer until the caller's transaction ends.

    Raises:
        NotFound: the caller has no such customer.
    """
    if call.db.fetch_one(SQL["lock_customer"], own(call, customer_id)) is None:
        raise NotFound(NOT_FOUND)
