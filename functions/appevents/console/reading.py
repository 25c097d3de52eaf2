"""Puts together everything that the first screen shows of all streams, or of one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from chalicelib.appevents.console import figures, history, uploads_waiting, waiting
from chalicelib.appevents.console.conditions import CONDITIONS
from chalicelib.appevents.console.queues_seen import QueuesSeen
from chalicelib.appevents.console.streams import OUTCOMES, UPLOADS
from chalicelib.appevents.console.uploads_waiting import Uploads
from fintegrate.console.attention import attention, by_stream, verdict
from fintegrate.console.kept import Kept
from fintegrate.console.servers import SystemState
from fintegrate.database import Database
from fintegrate.errors import Unavailable
from fintegrate.settings import SettingsError

FINE = "Every event has its outcome, or is on its way to it."
LAGS: Kept[dict[str, int]] = Kept(10.0)


def read_overview(
    db: Database,
    videos: Callable[[], Database],
    stream: str | None,
    system: SystemState,
    seen: QueuesSeen,
) -> dict[str, Any]:
    """The answer of `GET /app/overview`; `videos` gives the database of uploads."""
    now, found = waiting.read(db)
    uploads = _uploads(videos, now)
    found[UPLOADS] |= _row(uploads)
    flow = history.read_flow(db, now)
    lags: dict[str, int | None] = {**LAGS.get(db, lambda: history.read_lags(db, now))}
    lags[UPLOADS] = uploads.lag_p95_ms if uploads else None
    wanted = {name: row for name, row in found.items() if stream in (None, name)}
    rows = figures.completed(wanted, seen, lags, now)
    of_streams = {row["name"]: list(figures.findings(row)) for row in rows}
    every = [*system.findings(CONDITIONS, now), *(f for each in of_streams.values() for f in each)]
    entries = [_in_view(entry) for entry in by_stream(attention(every, "functions"))]
    points = flow.points(now, stream)
    return {
        "as_of": now,
        "verdict": verdict(entries, is_sure=False, is_lost=False, fine=FINE),
        "attention": entries,
        "pipeline": figures.pipeline(rows, points, flow, stream),
        "streams": figures.streams(rows, of_streams, flow),
        "system": {**system.shown(), "reconciliation": None},
        "last_hour": points,
    }


def _uploads(videos: Callable[[], Database], now: datetime) -> Uploads | None:
    """None where nobody can say: the database is away, or this function has none."""
    try:
        return uploads_waiting.read(videos(), now)
    except (Unavailable, SettingsError):
        return None


def _row(uploads: Uploads | None) -> dict[str, Any]:
    """What the row of the stream of uploads has of them."""
    if uploads is None:
        return {"in_queue": None, "rejected": None, "spark": [None] * history.HOUR}
    return {**uploads.waiting, "spark": uploads.spark}


def _in_view(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry whose view shows something: no event is that of the function of outcomes."""
    if entry["stream"] != OUTCOMES or not entry["view"].startswith("/events"):
        return entry
    view = entry["view"].replace(f"stream={OUTCOMES}", "").replace("?&", "?")
    return {**entry, "view": view.removesuffix("?")}
