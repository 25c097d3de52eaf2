"""Storefronts in the database."""

from __future__ import annotations

from fintegrate.database import Database, Row
from fintegrate.errors import Conflict, NotFound
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def found(row: Row | None, what: str = "storefront") -> Row:
    """The row.

    Raises:
        NotFound: there is none.
    """
    if row is None:
        raise NotFound(f"No such {what}; check its number")
    return row


def delete(db: Database, storefront: int) -> None:
    """Delete a storefront that has nothing left; to be called in a transaction.

    Raises:
        NotFound: there is no such storefront.
        Conflict: it has a destination, or a delivery that is not done.
    """
    found(db.fetch_one(SQL["lock"], {"id": storefront}))
    left = db.fetch_all(SQL["left"], {"id": storefront})[0]
    if left["destinations"] or left["pending"]:
        raise Conflict(
            f"The storefront still has {left['destinations']} destinations and {left['pending']} "
            "deliveries that are not done; delete or give up these first"
        )
    db.execute(SQL["delete"], {"id": storefront})
