"""Who may see whose feed, as the video service knows it.

The service of settings decides it, and writes it here from its endpoint; the event that it also tells
writes the same. Both go forward only.
"""

from __future__ import annotations

from contextlib import nullcontext

from fintegrate.database import Database
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def change_visibility(db: Database, owner_id: str, visibility: str, access_version: int) -> bool:
    """Write what the owner decided; False if what is known is as new or newer.

    Has a transaction of its own unless there is one.
    """
    wanted = {"owner_id": owner_id, "visibility": visibility, "access_version": access_version}
    with nullcontext() if db.in_transaction else db.transaction():
        if not db.execute(SQL["change"], wanted):
            return False
        db.execute(SQL["move_posts"], wanted)
        return True
