"""The audit log as a list: what it is read by, where a page ends, and the same as CSV.

A page looks at so many rows of one index: that of the rarest condition that is given. The cursor goes on
behind them, so what matches nothing costs no more. The statement is `list_rows`, as in `audit_list.sql`.
A system with another name for the owner's column passes its own statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from fintegrate.console.csv_rows import MOST_ROWS, TYPE, csv_text, headers_of
from fintegrate.database import Database, Row
from fintegrate.http.cursors import Cursor, Limit, NextCursor, cursor_of, page, page_parameters
from fintegrate.http.endpoint import Answer, Call
from fintegrate.http.envelope import dumps
from fintegrate.http.span import Span
from fintegrate.http.validation import Described, Text
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
FIRST, LOOKED_AT = 1_000, 10_000
"""How many rows of its source a page looks at: at first, and in all if those were too few."""


class AuditListing(Span):
    """Which rows to list; all conditions hold."""

    actor: Annotated[
        Annotated[Text, StringConstraints(max_length=64)] | None,
        Described("By the person of this name", None),
    ] = None
    action: Annotated[
        Annotated[Text, StringConstraints(max_length=200)] | None,
        Described("A method and a path", None),
    ] = None
    status_code: Annotated[
        Annotated[int, Field(ge=100, le=599)] | None, Described("Answered with this status", None)
    ] = None
    request_id: Annotated[
        Annotated[str, StringConstraints(pattern="^[A-Za-z0-9._-]{1,128}$")] | None,
        Described("Written by the request with this `X-Request-Id`", None),
    ] = None
    format: Annotated[
        Literal["json", "csv"],
        Described("With `csv` up to 10,000 rows; `X-Next-Cursor` leads to more", None),
    ] = "json"
    limit: Limit = 50
    cursor: Annotated[Cursor, Field(max_length=200)] | None = None


class ActShown(TypedDict):
    """What a row says of an act, whoever the owners are."""

    audit_id: Annotated[str, Described("The row", "5c0b4f6e-7b0e-4b7e-9d55-0d6c0d1c2f10")]
    created_at: datetime
    actor: Annotated[str | None, Described("The name that was claimed", "Ann Example")]
    session_id: Annotated[str | None, Described("The session of the console", None)]
    key_id: Annotated[str | None, Described("The public id of the key", None)]
    action: Annotated[str, Described("The method and the path", "POST /events/resend")]
    status_code: Annotated[int, Described("The answer's status", 200)]
    reason: Annotated[str, Described("Why it was done, or refused", "asked for by the bank")]
    details: Annotated[
        dict[str, Any] | None, Described("The filter and the counts", {"matched": 193})
    ]
    request_id: Annotated[str, Described("The request's id", "7b0e3b7e")]
    source_ip: Annotated[str | None, Described("The caller's address", None)]


class AuditRow(ActShown):
    """Who did or tried what, for operators."""

    owner_id: Annotated[str | None, Described("Whose credentials it was done with", "console")]


class AuditList(TypedDict):
    """A page of the audit log. It may have fewer rows than `limit`, even none: go by `next_cursor`."""

    rows: list[AuditRow]
    next_cursor: NextCursor


class Page(NamedTuple):
    """Rows, newest first, and the cursor behind them."""

    rows: list[Row]
    next_cursor: str | None


def list_all(call: Call[AuditListing]) -> Answer:
    """Answer with a page of all rows: for operators."""
    return answer_of(call.body, find(call.db, call.body), AuditRow.__annotations__)


def answer_of(wanted: AuditListing, found: Page, columns: Iterable[str]) -> Answer:
    """The page in the form that is wanted."""
    if wanted.format == "json":
        return Answer(found._asdict())
    rows = [{**row, "details": row["details"] and dumps(row["details"])} for row in found.rows]
    text = csv_text([*columns], rows)
    return Answer(text, headers=headers_of("audit", found.next_cursor), media_type=TYPE)


def sources_of(wanted: AuditListing) -> dict[str, object]:
    """What a list may be read by, the rarest first: an index each. Without any it is read by time."""
    return {
        "of_request": wanted.request_id,
        "of_actor": wanted.actor,
        "of_action": wanted.action,
        "of_status": wanted.status_code,
    }


def find(
    db: Database,
    wanted: AuditListing,
    sources: Mapping[str, object] | None = None,
    statement: str = SQL["list_rows"],
    **more: object,
) -> Page:
    """Read a page. `more`: further parameters of a system's own statement.

    Raises:
        Invalid: the cursor is none of ours.
    """
    given = sources_of(wanted) if sources is None else sources
    source = next((name for name, value in given.items() if value is not None), None)
    conditions = {
        **{name: name == source for name in given},
        **wanted.model_dump(include={"begin", "end", "actor", "action", "status_code"}),
        "request_id": wanted.request_id,
        **more,
    }
    limit = MOST_ROWS if wanted.format == "csv" else wanted.limit
    rows, cursor = _search(db, statement, conditions, wanted.cursor, limit, FIRST)
    if cursor is not None and len(rows) <= limit:
        left, most = limit - len(rows), LOOKED_AT - FIRST
        further, cursor = _search(db, statement, conditions, cursor, left, most)
        rows += further
    found, next_cursor = page(rows, limit, "created_at", "audit_id")
    return Page(found, next_cursor or cursor)


def _search(
    db: Database, statement: str, conditions: Row, cursor: str | None, limit: int, most: int
) -> tuple[list[Row], str | None]:
    """What matches among the next rows, one more than `limit`, and the cursor behind those rows."""
    parameters = {**conditions, **page_parameters(cursor, limit), "most": max(limit + 1, most)}
    rows = db.fetch_all(statement, parameters)
    ended = {"created_at": rows[0]["ended_at"], "audit_id": rows[0]["ended_id"]}
    behind = cursor_of(ended, "created_at", "audit_id") if ended["audit_id"] else None
    return [_shown(row) for row in rows if row["audit_id"]], behind


def _shown(row: Row) -> Row:
    """A row without what only serves the search."""
    return {name: value for name, value in row.items() if not name.startswith("ended_")}
