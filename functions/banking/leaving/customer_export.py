"""Everything about one customer as one document, read in one snapshot of the database.

A document that would be larger than an answer is refused: the bank's export has it in files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from chalicelib.banking.archive import archived
from chalicelib.banking.archive.archived import FindStore
from chalicelib.banking.customer.snapshots import KINDS as OF_SNAPSHOTS
from chalicelib.banking.customer.snapshots import patched
from fintegrate.database import Database, Row
from fintegrate.errors import Conflict, NotFound
from fintegrate.http.envelope import dumps
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
SNAPSHOTS, EVENTS = 20, 500
"""The rows of a page: together they fit into memory however large they are."""
NOT_FOUND = "No such customer; check customer_id"
TOO_LARGE = (
    "There is more about this customer than fits into an answer; POST /consumer/export writes all of it "
    "into files"
)


class _Room:
    """Counts what is put into an answer."""

    def __init__(self, most_bytes: int) -> None:
        self._left = most_bytes

    def take(self, rows: list[Row]) -> list[Row]:
        """The rows, which the answer must have room for."""
        for row in rows:
            self._left -= len(json.dumps(dumps(row)))  # as AWS Lambda counts an answer
        if self._left < 0:
            raise Conflict(TOO_LARGE)
        return rows


def export(db: Database, of_customer: dict[str, Any], most_bytes: int, store: FindStore) -> Row:
    """Read all that there is about a customer of a bank; `db` is in no transaction.

    Raises:
        NotFound: the bank has and had no such customer.
        Conflict: the document would be larger than an answer, or has archived events and there is no
            object store.
        Unavailable: archived events cannot be read.
    """
    room = _Room(most_bytes)
    with db.transaction():
        db.execute(SQL["take_snapshot"], {})
        customer = db.fetch_one(SQL["customer"], of_customer)
        found = {
            "customer_id": of_customer["customer_id"],
            "taken_at": datetime.now(UTC),
            "customer": customer,
            "tags": room.take(db.fetch_all(SQL["tags"], of_customer)),
            "snapshots": [row for page in _snapshots(db, of_customer) for row in room.take(page)],
            "events": [
                *room.take(
                    [_without_owner(e) for e in archived.of_customer(db, of_customer, store)]
                ),
                *(row for page in _events(db, of_customer) for row in room.take(page)),
            ],
        }
    if customer is None and not found["snapshots"] and not found["events"]:
        raise NotFound(NOT_FOUND)
    return found


def _snapshots(db: Database, of_customer: dict[str, Any]) -> Iterator[list[Row]]:
    place: dict[str, Any] = {"after_at": None, "after_id": None, "limit": SNAPSHOTS}
    before: Row = {}
    while rows := db.fetch_all(SQL["snapshots"], {**of_customer, **place}):
        for row in rows:
            if not row.pop("whole"):
                row.update({kind: patched(before[kind], row[kind]) for kind in OF_SNAPSHOTS})
            before = row
        place |= {"after_at": before["snapshot_at"], "after_id": before["snapshot_id"]}
        yield rows


def _events(db: Database, of_customer: dict[str, Any]) -> Iterator[list[Row]]:
    after = 0
    while rows := db.fetch_all(SQL["events"], {**of_customer, "after": after, "limit": EVENTS}):
        after = rows[-1]["sequence"]
        yield [_with_receipt(row) for row in rows]


_OF_RECEIPT = {
    "receipt_id": "receipt_id",
    "received_at": "received_at",
    "processing_status": "processing_status",
    "processing_failure_reason": "processing_failure_reason",
    "confirmed_at": "created_at",
    "confirmation_updated_at": "updated_at",
}


def _with_receipt(row: Row) -> Row:
    receipt = {name: row.pop(column) for column, name in _OF_RECEIPT.items()}
    return {**row, "receipt": receipt if receipt["receipt_id"] else None}


def _without_owner(line: Row) -> Row:
    """An archived event as the others are: the document says once whose it is."""
    return {name: line[name] for name in line if name not in ("consumer_id", "customer_id")}
