"""Consumers in the database."""

from __future__ import annotations

from chalicelib.banking.tenants import ADMIN_ID
from fintegrate.console.acts import DryRun, dry_run_of_one
from fintegrate.database import Database, Row
from fintegrate.errors import Conflict, NotFound
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
NOT_FOUND = "No such consumer; check consumer_id"
ADMINS = (
    "The admin's own consumer cannot be deactivated, nobody could activate it again; "
    "deactivate the consumer of a bank"
)
LEAVES = (
    "This consumer leaves; take that back with DELETE /consumer/offboard while its time is not over"
)
WARNINGS = {
    "deactivated": "Its keys and its access to the broker stop at once; its events wait",
    "active": "Its keys and its access to the broker work again at once",
}
"""By the status that a consumer is to have."""


def read_consumer(db: Database, consumer_id: str) -> Row:
    """Read a consumer: `name, display_name, status, message_format, created_at, updated_at`.

    Raises:
        NotFound: there is no such consumer.
    """
    row = db.fetch_one(SQL["read_consumer"], {"consumer_id": consumer_id})
    if row is None:
        raise NotFound(NOT_FOUND)
    return row


def check_room(db: Database, most: int) -> None:
    """Refuse one consumer more than `most`. Simultaneous calls of the admin may exceed it by some.

    Raises:
        Conflict: there are `most` already.
    """
    count = db.fetch_all(SQL["count_consumers"], {})[0]["count"]
    if count >= most:
        raise Conflict(f"There are {count} consumers, at most {most} are kept; raise MAX_CONSUMERS")


def change_status(db: Database, consumer_id: str, status: str) -> None:
    """Give a consumer another status. `db` is in a transaction.

    Raises:
        NotFound: there is no such consumer.
        Conflict: it has this status already, it is the admin's, or it is leaving.
    """
    _refuse_admins(consumer_id, status)
    db.fetch_one(SQL["lock_consumer"], {"consumer_id": consumer_id})
    _refuse_leaving(db, consumer_id, status)
    change = {"consumer_id": consumer_id, "status": status}
    if db.fetch_one(SQL["change_consumer_status"], change) is None:
        read_consumer(db, consumer_id)  # raises NotFound if there is none
        raise Conflict(_already(consumer_id, status))


def would_change(db: Database, consumer_id: str, status: str) -> DryRun:
    """What `change_status` would hit; errors as there."""
    _refuse_admins(consumer_id, status)
    _refuse_leaving(db, consumer_id, status)
    consumer = read_consumer(db, consumer_id)
    if consumer["status"] == status:
        raise Conflict(_already(consumer_id, status))
    return dry_run_of_one(consumer_id, consumer["name"], [WARNINGS[status]])


def _refuse_admins(consumer_id: str, status: str) -> None:
    if consumer_id == ADMIN_ID and status == "deactivated":
        raise Conflict(ADMINS)


def _refuse_leaving(db: Database, consumer_id: str, status: str) -> None:
    if status == "active" and db.fetch_one(SQL["is_leaving"], {"consumer_id": consumer_id}):
        raise Conflict(LEAVES)


def _already(consumer_id: str, status: str) -> str:
    return f"Consumer {consumer_id} is already {status}"
