"""Asks for a check and waits for what came of it.

The process that answers requests has no way out to the internet. So a check is a row: the process that
delivers takes it when it is nudged, and writes the outcome into it (`chalicelib.relay.checks.doing`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from chalicelib.relay.destinations.storefronts import found
from fintegrate.database import Database
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
Outcome = Callable[[], dict[str, Any]]
_PAUSE_SECONDS = 0.05
WAITING = {
    "outcome": "waiting",
    "event": None,
    "platform_code": None,
    "message": "The function that sends has not come to it; look at GET /health and ask again",
    "http_status": None,
    "duration_ms": None,
}


def test_of(db: Database, destination_type: str, destination_id: int, seconds: float) -> Outcome:
    """Ask for a test event to a destination; to be called in a transaction.

    Returns what waits for the outcome, at most so many seconds, once the transaction has committed.

    Raises:
        NotFound: there is no such destination.
    """
    wanted = {"type": destination_type, "id": destination_id}
    what = "credential" if destination_type == "credential" else "tag manager"
    lane = found(db.fetch_one(SQL["lane_of"], wanted), what)
    return _ask(db, lane["lane_id"], "test", seconds)


def probe_of(db: Database, lane_id: int, seconds: float) -> Outcome:
    """Ask for one delivery of a lane; else as `test_of`.

    Raises:
        NotFound: there is no such lane.
    """
    found(db.fetch_one(SQL["read_lane"], {"lane_id": lane_id}), "lane")
    return _ask(db, lane_id, "probe", seconds)


def _ask(db: Database, lane_id: int, kind: str, seconds: float) -> Outcome:
    db.execute(SQL["forget"], {})
    check_id = db.fetch_all(SQL["ask"], {"lane_id": lane_id, "kind": kind})[0]["check_id"]
    return partial(_outcome, db, check_id, seconds)


def _outcome(database: Database, check_id: int, seconds: float) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done = database.fetch_one(SQL["read"], {"check_id": check_id}, revive=True)
        if done is not None:
            return done
        time.sleep(_PAUSE_SECONDS)
    return dict(WAITING)
