"""Dead letters in the database: lists of them, and one with its body."""

from __future__ import annotations

import base64
import codecs
from typing import Any
from uuid import UUID

from chalicelib.banking.dead_letters.models import DeadLetterListing
from chalicelib.banking.events.scope import scope_of
from fintegrate.console.acts import MOST_COUNTED
from fintegrate.database import Database, Row
from fintegrate.errors import NotFound
from fintegrate.http.cursors import page, page_parameters
from fintegrate.http.endpoint import Call
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
MOST_BYTES = 64 * 1024
"""How much of a body is shown."""


def seen_by(call: Call[Any], wanted: UUID | None = None) -> Row:
    """The letters that the caller may see, as parameters of every statement.

    Raises:
        NotFound: a tenant asks for another tenant.
    """
    return {"consumer_id": scope_of(call, wanted), "sees_foreign": call.caller.is_admin}


def list_letters(
    db: Database, listing: DeadLetterListing, seen: Row, most_bytes: int
) -> dict[str, Any]:
    """Read a page of letters, newest first; the first one with their number."""
    wanted = {
        **listing.model_dump(include={"matched", "resolved", "reason", "begin", "end"}),
        **seen,
        "most": MOST_COUNTED,
        **page_parameters(listing.cursor, listing.limit),
    }
    rows = db.fetch_all(SQL["list"], wanted)
    letters, next_cursor = page(
        rows, listing.limit, "created_at", "dead_letter_id", most_bytes=most_bytes
    )
    counted = None if listing.cursor else db.fetch_all(SQL["count"], wanted)[0]["count"]
    return {
        "dead_letters": letters,
        "next_cursor": next_cursor,
        "total": None if counted is None else min(counted, MOST_COUNTED),
        "at_least": counted is not None and counted > MOST_COUNTED,
    }


def read_letter(db: Database, dead_letter_id: str, seen: Row) -> Row:
    """Read a letter with the beginning of its body and its properties.

    Raises:
        NotFound: there is no such letter in this scope.
    """
    wanted = {**seen, "dead_letter_id": dead_letter_id, "most_bytes": MOST_BYTES}
    row = db.fetch_one(SQL["read"], wanted)
    if row is None:
        raise NotFound("No such dead letter; check dead_letter_id")
    body = bytes(row["body"])
    truncated = len(body) < row["size_bytes"]
    return {**row, **shown(body, truncated=truncated), "body_truncated": truncated}


def shown(body: bytes, *, truncated: bool) -> dict[str, str]:
    """A body as text, or in base64 if it is none; a character that the cut has split is left out."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(body, final=not truncated)
    except UnicodeDecodeError:
        return {"body": base64.b64encode(body).decode(), "body_encoding": "base64"}
    return {"body": text, "body_encoding": "utf-8"}
