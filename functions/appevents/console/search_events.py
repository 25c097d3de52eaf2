"""GET /app/events/search: finds events, uploads, users and dead letters by ids, functions by names."""

from collections.abc import Iterator
from urllib.parse import urlencode

from chalicelib.appevents.console import uploads
from chalicelib.appevents.console.blueprint import events
from chalicelib.appevents.console.listing import shown
from chalicelib.appevents.console.models import LETTER_PREFIX, UPLOAD_PREFIX, event_id_of, named
from chalicelib.appevents.console.streams import names
from chalicelib.appevents.wiring import admin_endpoint, parts
from fintegrate.console.searching import MOST_HITS, Hit, Hits, Search, sought
from fintegrate.database import Database
from fintegrate.http.endpoint import Answer, Call
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


@events.route("/app/events/search", methods=["GET"])
@admin_endpoint(Search, gives=Hits)
def search_console_events(call: Call[Search]) -> Answer:
    """What the text is the id of, and the functions whose name begins with it."""
    text = sought(call.body.q).small
    found = [each for each in names() if each.startswith(text.removeprefix("app_"))]
    hits = [*_of_id(call.db, text), *(_hit("stream", n, n, "/events", stream=n) for n in found)]
    return Answer({"hits": hits[:MOST_HITS]})


def _of_id(db: Database, text: str) -> Iterator[Hit]:
    own_id, whose = named(text.removeprefix(UPLOAD_PREFIX).removeprefix(LETTER_PREFIX))
    found = sought(own_id).id
    user_id = whose and sought(whose).id
    if found is None or (whose is not None and user_id is None):
        return
    yield from _events(db, found, user_id)
    if user_id is None:
        videos = parts().service("video").request.database
        yield from _uploads(videos, found)
        yield from _user(found, db, videos)
        yield from _letter(db, found)


def _events(db: Database, found: str, user_id: str | None) -> Iterator[Hit]:
    wanted = {"id": found, "user_id": user_id, "most": MOST_HITS}
    for row in db.fetch_all(SQL["events"], wanted, revive=True):
        event_id = event_id_of(row["id"], row["own_id"])
        title = f"{row['event_type']}, {row['state']}"
        yield _hit("event", event_id, title, "/event", event_id=event_id)


def _uploads(videos: Database, found: str) -> Iterator[Hit]:
    wanted = {"id": found, "user_id": None}
    for row in videos.fetch_all(uploads.SQL["one"], wanted, revive=True):
        upload = shown(row)
        event_id, title = upload["event_id"], f"{upload['event_type']}, {upload['state']}"
        yield _hit("upload", event_id, title, "/event", event_id=event_id)


def _user(found: str, db: Database, videos: Database) -> Iterator[Hit]:
    wanted = {"user_id": found}
    if db.fetch_all(SQL["is_user"], wanted) or videos.fetch_all(uploads.SQL["is_user"], wanted):
        yield _hit("user", found, "a user's events", "/events", event=found)


def _letter(db: Database, found: str) -> Iterator[Hit]:
    """The dead letter with this id. It leads to its event, if it says which that is."""
    for row in db.fetch_all(SQL["letter"], {"id": found}):
        title = f"dead letter of {row['service']}: {row['error_code']}"
        event_id = f"{LETTER_PREFIX}{found}"
        if row["user_id"] and row["client_generated_id"]:
            event_id = event_id_of(row["client_generated_id"], row["user_id"])
        yield _hit("letter", found, title, "/event", event_id=event_id)


def _hit(kind: str, found: str, title: str, view: str, **query: str) -> Hit:
    link = f"{view}?{urlencode(query)}"
    return {"kind": kind, "id": found, "title": title, "link": link}
