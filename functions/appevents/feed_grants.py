"""Who gave the passcode of a feed, as the video service knows it.

The service of settings writes it here from its endpoint, so that a comment right after it is let in; the
event that it also tells writes the same. Both go forward only.
"""

from __future__ import annotations

from datetime import datetime

from fintegrate.database import Database
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def write_grant(
    db: Database, owner_id: str, user_id: str, access_version: int, expires_at: datetime
) -> None:
    """Keep that a viewer gave the passcode, unless a newer grant is known."""
    db.execute(
        SQL["grant"],
        {
            "owner_id": owner_id,
            "user_id": user_id,
            "access_version": access_version,
            "expires_at": expires_at,
        },
    )
