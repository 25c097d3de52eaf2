"""Reads one event at one destination: its steps, who held it, and the same event elsewhere."""

from __future__ import annotations

from typing import Any

from chalicelib.relay.console.lanes import Lanes, lane_of, read_lanes
from chalicelib.relay.console.listing import shown
from chalicelib.relay.console.steps import facts_of, held_of, steps_of
from chalicelib.relay.values.json_text import loads
from fintegrate.database import Database, Row
from fintegrate.errors import NotFound
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
NOT_FOUND = "No such event; check event_id"
MOST = 100


def read_event(db: Database, event_id: str, *, payload: bool) -> dict[str, Any]:
    """Read an event's life at a destination; without `payload` what was sent stays where it is.

    Raises:
        NotFound: there is no such event, or it was never for this destination.
    """
    event, lane = (int(number) for number in event_id.split("-"))
    wanted = {"event": event, "lane": lane, "payload": payload, "most": MOST}
    lanes = read_lanes(db)
    row = db.fetch_one(SQL["read"], wanted)
    if row is None or lane not in lanes:
        raise NotFound(NOT_FOUND)
    attempts = db.fetch_all(SQL["attempts"], wanted)
    return {
        **shown(row, lanes),
        "timeline": steps_of(row, lanes[lane], attempts),
        "durations": held_of(row, lanes[lane], attempts),
        "facts": facts_of(row, lanes[lane], attempts),
        "siblings": [_sibling(each, lanes) for each in db.fetch_all(SQL["siblings"], wanted)],
        "payload": loads(row["payload"] or "{}") if payload else None,
    }


def _sibling(row: Row, lanes: Lanes) -> dict[str, str]:
    lane = lane_of(lanes, row["lane_id"])
    return {
        "event_id": f"{row['event']}-{row['lane_id']}",
        "stream_name": lane.name,
        "state": lane.state_of(row["status"]),
    }
