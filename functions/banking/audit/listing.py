"""Reads the audit log for one tenant or for all, and leaves out what a tenant may not see of others."""

from __future__ import annotations

from chalicelib.banking.audit.models import AuditListing
from fintegrate.console.audit_list import Page, find, sources_of
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def list_rows(
    db: Database, wanted: AuditListing, consumer_id: str | None, *, is_admin: bool
) -> Page:
    """Read a page.

    A tenant's list looks at its own rows only: the cursor names the last one that was looked at.

    Args:
        consumer_id: the tenant; None for all

    Raises:
        Invalid: the cursor is none of ours.
    """
    sources = {"of_request": None, "of_consumer": consumer_id, **sources_of(wanted)}
    if not is_admin:
        sources["of_request"] = None
    found = find(db, wanted, sources, SQL["list_rows"], consumer_id=consumer_id)
    if is_admin:
        return found
    return found._replace(rows=[_of_tenant(row, consumer_id) for row in found.rows])


def _of_tenant(row: Row, consumer_id: str | None) -> Row:
    """A row without addresses, and without what is others'."""
    shown = {**row, "source_ip": None}
    if row["consumer_id"] != consumer_id:
        shown |= {"key_id": None, "session_id": None}
    return shown
