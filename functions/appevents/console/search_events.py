"""GET /app/events/search: finds events, uploads, users and dead letters by ids, functions by names."""

from collections.abc import Iterator
from urllib.parse import urlencode

from chalicelib.appevents.console import listing
from chalicelib.appevents.console.blueprint import events
from chalicelib.appevents.console.models import LETTER_PREFIX, UPLOAD_PREFIX, EventListing
from chalicelib.appevents.console.streams import names
from chalicelib.appevents.wiring import admin_endpoint, parts
from fintegrate.console.searching import MOST_HITS, Hit, Hits, Search, sought
from fintegrate.database import Database
from fintegrate.http.endpoint import Answer, Call
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


@events.route("/app/events/search", methods=["GET"])
@admin_endpoint(Search, gives=Hits)
def search_events(call: Call[Search]) -> Answer:
    """What the text is the id of, and the functions whose name begins with it."""
    text = sought(call.body.q).small
    wanted = sought(text.removeprefix(UPLOAD_PREFIX).removeprefix(LETTER_PREFIX)).id
    hits = [] if wanted is None else [*_of_id(call.db, wanted), *_letter(call.db, wanted)]
    found = [each for each in names() if each.startswith(text.removeprefix("app_"))]
    hits += [_hit("stream", each, each, "/events", stream=each) for each in found]
    return Answer({"hits": hits[:MOST_HITS]})


def _of_id(db: Database, found: str) -> Iterator[Hit]:
    """Events and uploads with this id, and the user who has it."""
    asked = EventListing(event=found, limit=MOST_HITS)
    rows = listing.page_of(db, lambda: parts().service("video").request.database, asked)["events"]
    for row in rows:
        event_id = row["event_id"]
        if event_id.removeprefix(UPLOAD_PREFIX) == found:
            kind = "upload" if event_id.startswith(UPLOAD_PREFIX) else "event"
            title = f"{row['event_type']}, {row['state']}"
            more = {"event_id": event_id, "user_id": row["own_id"]}
            yield _hit(kind, event_id, title, "/event", **more)
    if any(row["own_id"] == found for row in rows):
        yield _hit("user", found, "a user's events", "/events", event=found)


def _letter(db: Database, found: str) -> Iterator[Hit]:
    """The dead letter with this id. It leads to its event, if it says which that is."""
    for row in db.fetch_all(SQL["letter"], {"id": found}):
        title = f"dead letter of {row['service']}: {row['error_code']}"
        if row["user_id"] and row["client_generated_id"]:
            more = {"event_id": row["client_generated_id"], "user_id": row["user_id"]}
            yield _hit("letter", found, title, "/event", **more)
        else:
            yield _hit("letter", found, title, "/event", event_id=f"{LETTER_PREFIX}{found}")


def _hit(kind: str, found: str, title: str, view: str, **query: str) -> Hit:
    link = f"{view}?{urlencode(query)}"
    return {"kind": kind, "id": found, "title": title, "link": link}
