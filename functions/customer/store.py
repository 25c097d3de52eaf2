"""Customers in the database: finding one of the caller's own, and changing it with its event."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fintegrate.database import Row
from fintegrate.endpoint import Call
from fintegrate.errors import NotFound
from fintegrate.queries import load_queries

CUSTOMERS = load_queries(Path(__file__).with_name("customers.sql"))
NOT_FOUND = "No such customer; check customer_id"


def write_event(call: Call[Any], statement: str, **values: object) -> Row | None:
    """Run a change of a customer that writes its event; the event's row, None if nothing matched."""
    return call.db.fetch_one(
        CUSTOMERS[statement],
        {
            "consumer_id": call.caller.consumer_id,
            "consumer_name": call.caller.consumer_name,
            "source_service": f"{call.request.method}: {call.request.path}",
            "traceparent": call.request.traceparent,
            **values,
        },
    )


def read_customer(call: Call[Any], customer_id: str) -> Row:
    """The caller's customer with its tags.

    Raises:
        NotFound: the caller has no such customer.
    """
    own = {"customer_id": customer_id, "consumer_id": call.caller.consumer_id}
    row = call.db.fetch_one(CUSTOMERS["read_customer"], own)
    if row is None:
        raise NotFound(NOT_FOUND)
    return row
