"""GET /events/search: finds events, customers, requests, traces, dead letters and banks by ids."""

from itertools import groupby
from operator import itemgetter
from urllib.parse import quote

from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.wiring import endpoint
from fintegrate.console.searching import MOST_HITS, Hit, Hits, Search, sought
from fintegrate.database import Row
from fintegrate.http.endpoint import Answer, Call
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
LINKS = {
    "event": "#/events?event={}",
    "customer": "#/lane?customer_id={}",
    "letter": "#/failures?letter={}",
    "request": "#/events?request_id={}",
    "trace": "#/events?event={}",
    "bank": "#/bank?consumer_id={}",
}


@events.route("/events/search", methods=["GET"])
@endpoint(Search, gives=Hits)
def search_events(call: Call[Search]) -> Answer:
    """What the text is the id of; for the admin, also the banks whose name begins with it."""
    wanted = {**sought(call.body.q)._asdict(), "consumer_id": scope_of(call), "most": MOST_HITS}
    rows = call.db.fetch_all(SQL["search"], wanted)
    found = [list(same) for _, same in groupby(rows, itemgetter("kind", "id"))]
    hits = [hit for same in found for hit in _hits(same)]
    return Answer({"hits": hits[:MOST_HITS]})


def _hits(rows: list[Row]) -> list[Hit]:
    """One for all events of a request, else one for each row."""
    if rows[0]["kind"] == "request":
        title = _title(rows[0]) if len(rows) == 1 else f"{_number(rows)} events of one request"
        return [_hit(rows[0], title)]
    return [_hit(row, _title(row)) for row in rows]


def _number(rows: list[Row]) -> str:
    return str(len(rows)) if len(rows) < MOST_HITS else f"{MOST_HITS} or more"


def _title(row: Row) -> str:
    if row["kind"] == "bank":
        return str(row["reason"] or row["consumer_name"])
    if row["kind"] == "letter":
        return f"dead letter: {row['reason']}"
    title = f"{row['event_type']} {row['sequence']}, {row['state']}"
    return f"last event: {title}" if row["kind"] == "customer" else title


def _hit(row: Row, title: str) -> Hit:
    is_of_event = row["kind"] == "trace"
    place = row["event_id"] if is_of_event else row["id"]
    link = LINKS[row["kind"]].format(quote(place, safe=""))
    return {"kind": row["kind"], "id": row["id"], "title": title, "link": link}
