"""Bounds the tries at passcodes: of a viewer at one feed and at all, and of all viewers at one feed.

Every try counts, also the right one. They are counted in the database and not in Redis, whose absence
would let everybody try without end.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from chalicelib.appevents.configuration import Configuration
from fintegrate.database import Database
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


class Tries(NamedTuple):
    """The bounds, and where tries are counted: each is committed by itself before anything else."""

    database: Database
    settings: Configuration

    def take(self, owner_id: str, user_id: str, try_id: str) -> int:
        """Count a try; the seconds to wait if it is one too many, else 0.

        The same `try_id` of a viewer is counted once.
        """
        settings = self.settings
        wanted = {
            "owner_id": owner_id,
            "user_id": user_id,
            "id": try_id,
            "viewer_tries": settings.passcode_tries,
            "all_feeds_tries": settings.passcode_all_feeds_tries,
            "viewer_seconds": settings.passcode_tries_seconds,
            "owner_tries": settings.passcode_owner_tries,
            "owner_seconds": settings.passcode_owner_tries_seconds,
        }
        # The viewer's own first: one who has had too many uses up no feed's tries.
        for statement in ("take_of_viewer", "take"):
            row = self.database.fetch_all(SQL[statement], wanted)[0]
            if not row["is_counted"]:
                return max(1, math.ceil(row["retry_after"] or 0))
        return 0
