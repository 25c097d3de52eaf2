"""Customers in the database: finding one of the caller's own, and changing it with its event."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fintegrate.database import Row
from fintegrate.errors import NotFound
from fintegrate.http.endpoint import Call
from fintegrate.queries import queries_beside

SQL = queries_beside(__file__)
NOT_FOUND = "No such customer; check customer_id"


def own(call: Call[Any], customer_id: UUID) -> dict[str, object]:
    """The parameters by which every statement finds a customer of the caller and nobody else's."""
    return {"customer_id": str(customer_id), "consumer_id": call.caller.owner_id}


def change_customer(call: Call[Any], statement: str, **values: object) -> Row | None:
    """Run a change of a customer that writes its event; the event's row, None if nothing matched."""
    return call.db.fetch_one(
        SQL[statement],
        {
            "consumer_id": call.caller.owner_id,
            "consumer_name": call.caller.owner_name,
            "source_service": f"{call.request.method}: {call.request.path}",
            "traceparent": call.request.traceparent,
            **values,
        },
    )


def read_customer(call: Call[Any], customer_id: UUID) -> Row:
    """The caller's customer with its tags.

    Raises:
        NotFound: the caller has no such customer.
    """
    row = call.db.fetch_one(SQL["read_customer"], own(call, customer_id))
    if row is None:
        raise NotFound(NOT_FOUND)
    return row


def lock_customer(call: Call[Any], customer_id: UUID) -> None:
    """Keep every other change of the customer out until the caller's transaction ends.

    Raises:
        NotFound: the caller has no such customer.
    """
    if call.db.fetch_one(SQL["lock_customer"], own(call, customer_id)) is None:
        raise NotFound(NOT_FOUND)
