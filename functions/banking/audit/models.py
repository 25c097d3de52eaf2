"""What the list of the audit log takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from chalicelib.banking.events.models import ScopedRequest
from fintegrate.http.cursors import Cursor, Limit, NextCursor
from fintegrate.http.span import Span
from fintegrate.http.validation import Described, Text


class AuditListing(ScopedRequest, Span):
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


class AuditRow(TypedDict):
    """Who did or tried what. A tenant gets no addresses, and no ids of others' keys and sessions."""

    audit_id: Annotated[str, Described("The row", "5c0b4f6e-7b0e-4b7e-9d55-0d6c0d1c2f10")]
    created_at: datetime
    actor: Annotated[str | None, Described("The name that was claimed", "Ann Example")]
    session_id: Annotated[str | None, Described("The session of the console", None)]
    key_id: Annotated[str | None, Described("The public id of the key", None)]
    consumer_id: Annotated[
        str | None, Described("Whose key it was", "00000000-0000-0000-0000-000000000001")
    ]
    consumer_name: Annotated[str | None, Described("Its name", "system_default")]
    action: Annotated[str, Described("The method and the path", "POST /events/resend")]
    status_code: Annotated[int, Described("The answer's status", 200)]
    reason: Annotated[str, Described("Why it was done, or refused", "asked for by the bank")]
    subject_consumer_id: Annotated[str | None, Described("Whose data it was, if of another", None)]
    subject_consumer_name: Annotated[str | None, Described("Its name", None)]
    details: Annotated[
        dict[str, Any] | None, Described("The filter and the counts", {"matched": 193})
    ]
    request_id: Annotated[str, Described("The request's id", "7b0e3b7e")]
    source_ip: Annotated[str | None, Described("The caller's address", None)]


class AuditList(TypedDict):
    """A page of the audit log. It may have fewer rows than `limit`, even none: go by `next_cursor`."""

    rows: list[AuditRow]
    next_cursor: NextCursor
