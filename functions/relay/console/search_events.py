"""GET /relay/events/search: finds events by their numbers and ids, and lanes by their names."""

from typing import Any
from urllib.parse import quote

from chalicelib.relay.console.blueprint import console
from chalicelib.relay.console.lanes import Lane, living, read_lanes
from chalicelib.relay.console.listing import numbers_in
from chalicelib.relay.wiring import endpoint
from fintegrate.console.conditions import counted
from fintegrate.console.searching import MOST_HITS, Hit, Hits, Search
from fintegrate.database import Row
from fintegrate.http.endpoint import Access, Answer, Call
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


@console.route("/relay/events/search", methods=["GET"])
@endpoint(Search, gives=Hits, access=Access.ADMIN)
def search_console_events(call: Call[Search]) -> Answer:
    """What the text is the id of, at any shop; and lanes whose shop or platform begins with it."""
    text = call.body.q.strip()
    lanes = read_lanes(call.db)
    number, lane = numbers_in(text)
    wanted: dict[str, Any] = {"text": text, "number": number, "lane": lane, "most": MOST_HITS}
    events = [_event(row, lanes.get(lane or 0)) for row in call.db.fetch_all(SQL["search"], wanted)]
    named = [_lane(each) for each in living(lanes.values()) if _is_named(each, text.lower())]
    return Answer({"hits": [*events, *named][:MOST_HITS]})


def _event(row: Row, lane: Lane | None) -> Hit:
    number = str(row["id"])
    title = f"{row['event_type'] or 'event'} {row['own_id']} of {row['storefront']}"
    if lane is not None and row["is_there"]:
        event_id = f"{number}-{lane.lane_id}"
        link = f"/event?event_id={event_id}"
        return {
            "kind": "event",
            "id": event_id,
            "title": f"{title} → {lane.destination}",
            "link": link,
        }
    told = counted(row["destinations"], "destination") if row["is_accepted"] else row["status"]
    return {
        "kind": "event",
        "id": number,
        "title": f"{title}, {told}",
        "link": f"/events?event={quote(number)}",
    }


def _lane(lane: Lane) -> Hit:
    number = str(lane.lane_id)
    return {"kind": "stream", "id": number, "title": lane.name, "link": f"/events?stream={number}"}


def _is_named(lane: Lane, text: str) -> bool:
    names = (lane.name, lane.storefront or "", lane.destination)
    return any(name.lower().startswith(text) for name in names)
