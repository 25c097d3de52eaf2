"""What the list of the audit log takes and gives."""

from typing import Annotated

from typing_extensions import TypedDict

from chalicelib.banking.events.models import ScopedRequest
from fintegrate.console import audit_list
from fintegrate.http.cursors import NextCursor
from fintegrate.http.validation import Described


class AuditListing(ScopedRequest, audit_list.AuditListing):
    """Which rows to list; all conditions hold."""


class AuditRow(audit_list.ActShown):
    """Who did or tried what. A tenant gets no addresses, and no ids of others' keys and sessions."""

    consumer_id: Annotated[
        str | None, Described("Whose key it was", "00000000-0000-0000-0000-000000000001")
    ]
    consumer_name: Annotated[str | None, Described("Its name", "system_default")]
    subject_consumer_id: Annotated[str | None, Described("Whose data it was, if of another", None)]
    subject_consumer_name: Annotated[str | None, Described("Its name", None)]


class AuditList(TypedDict):
    """A page of the audit log. It may have fewer rows than `limit`, even none: go by `next_cursor`."""

    rows: list[AuditRow]
    next_cursor: NextCursor
