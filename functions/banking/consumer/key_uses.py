"""Reads what was written with a key: events by their metadata, and audit rows."""

from __future__ import annotations

from typing import Any

from chalicelib.banking.consumer.keys import KEY_NOT_FOUND
from chalicelib.banking.consumer.models import KeyUseQuestion
from fintegrate.database import Database
from fintegrate.errors import NotFound
from fintegrate.http.cursors import page, page_parameters
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def list_uses(db: Database, wanted: KeyUseQuestion) -> dict[str, Any]:
    """Read a page of a key's uses, newest first.

    Raises:
        NotFound: there is no such key.
    """
    key = db.fetch_one(SQL["find_owner"], {"key_id": wanted.key})
    if key is None:
        raise NotFound(KEY_NOT_FOUND)
    rows = db.fetch_all(
        SQL["list_uses"],
        {
            "key_id": wanted.key,
            "consumer_id": key["consumer_id"],
            "since": wanted.since or key["created_at"],
            "until": wanted.until,
            **page_parameters(wanted.cursor, wanted.limit),
        },
    )
    uses, next_cursor = page(rows, wanted.limit, "created_at", "use_id")
    return {"consumer_id": key["consumer_id"], "uses": uses, "next_cursor": next_cursor}
