"""The gauges of what people have begun: sessions of the console, and replays."""

from __future__ import annotations

from collections.abc import Iterator

from fintegrate.access.sessions import IDLE_MINUTES
from fintegrate.database import Database
from fintegrate.metrics import GaugeFamily
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
UNFINISHED = ("queued", "running", "paused")


def console_gauges(db: Database) -> Iterator[GaugeFamily]:
    """The families; finished replays are not counted."""
    counts = db.fetch_one(SQL["read_counts"], {"idle_minutes": IDLE_MINUTES}) or {}
    yield GaugeFamily(
        "fintegrate_console_sessions",
        "Sessions of the console that live",
        {(): counts["sessions"]},
    )
    yield GaugeFamily(
        "fintegrate_replay_jobs",
        "Replays that are not finished, by status",
        {(status,): counts[status] for status in UNFINISHED},
        ("status",),
    )
