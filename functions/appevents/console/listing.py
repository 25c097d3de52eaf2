"""Lists events of clients and uploads together: two databases, one order, one cursor."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from chalicelib.appevents.console import states, uploads
from chalicelib.appevents.console.models import UPLOAD_PREFIX, EventListing, event_id_of, named
from chalicelib.appevents.console.streams import UPLOAD, UPLOADS, event_types, stream_of, types_of
from fintegrate.console.totals import NOT_COUNTED, Total, of_count
from fintegrate.database import Database, Row
from fintegrate.http.cursors import cursor_of, decode_cursor, page
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
LOOKED_AT = 5_000
"""So many rows of each database a page looks at, and so many a count."""
REJECTED_LOOKED_AT = 2_000
"""Of these fewer, because each is looked for among the dead letters."""
SOURCES = ("all", "unsettled", "rejected", "of_one")
"""Where rows come from: an index each."""
_NO_ID = "00000000-0000-0000-0000-000000000000"
_SPECIAL = re.compile(r"[\\%_]")


class Place(NamedTuple):
    """Where rows of a kind are, and which of them may match."""

    statements: Mapping[str, str]
    database: Callable[[], Database]
    sources: set[str]
    types: Sequence[str] | None = None


class Part(NamedTuple):
    """Rows of one place, up to the one at which the search ended, if it did."""

    rows: list[Row]
    cut: Row | None


def page_of(db: Database, videos: Callable[[], Database], asked: EventListing) -> dict[str, Any]:
    """A page of events; the first one has the count of all. `videos` gives the database of uploads."""
    places = [*_place_of_events(asked, lambda: db), *_place_of_uploads(asked, videos)]
    parameters = _parameters(asked)
    parts = [_read(place, parameters | _span(asked), asked.limit) for place in places]
    found, cut = _merged(parts, oldest_first=asked.order == "oldest")
    rows, next_cursor = page(found, asked.limit, "created_at", "id")
    if next_cursor is None and cut is not None:
        next_cursor = cursor_of(cut, "created_at", "id")
    truncated = next_cursor is not None and len(rows) < asked.limit
    counted: Mapping[str, Any] = NOT_COUNTED
    if asked.cursor is None:
        counted = Total(len(rows), at_least=truncated)._asdict()
        if next_cursor is not None and not truncated:
            counted = _count(places, asked)._asdict()
    return {
        "events": [shown(row) for row in rows],
        "next_cursor": next_cursor,
        **counted,
        "truncated": truncated,
    }


def shown(row: Row) -> dict[str, Any]:
    """A row as lists show it."""
    is_upload = "event_type" not in row
    stream = UPLOADS if is_upload else stream_of(row["event_type"])
    return {
        "event_id": f"{UPLOAD_PREFIX}{row['id']}"
        if is_upload
        else event_id_of(row["id"], row["own_id"]),
        "stream": stream,
        "stream_name": stream,
        "sequence": None,
        "event_type": UPLOAD if is_upload else row["event_type"],
        **{name: row[name] for name in ("state", "reason", "created_at", "lag_ms")},
        "try_count": row.get("try_count", 0),
        "own_id": row["own_id"],
    }


def _place_of_events(asked: EventListing, database: Callable[[], Database]) -> Iterable[Place]:
    types = set(event_types() if asked.stream is None else types_of(asked.stream))
    if asked.event_types is not None:
        types &= set(asked.event_types)
    sources = _sources(states.OF_EVENTS, asked)
    if not sources or not types or (asked.event or "").startswith(UPLOAD_PREFIX):
        return
    is_any = asked.stream is None and asked.event_types is None
    yield Place(SQL, database, sources, None if is_any else sorted(types))


def _place_of_uploads(asked: EventListing, database: Callable[[], Database]) -> Iterable[Place]:
    is_wanted = asked.stream in (None, UPLOADS) and UPLOAD in (asked.event_types or (UPLOAD,))
    is_wanted &= named(asked.event or "").user_id is None
    sources = _sources(states.OF_UPLOADS, asked)
    if is_wanted and sources:
        yield Place(uploads.SQL, database, sources)


def _sources(places: dict[str, str], asked: EventListing) -> set[str]:
    found = states.sources(places, asked.states)
    return {"of_one"} if found and asked.event else found


def _parameters(asked: EventListing) -> dict[str, Any]:
    own_id, whose = named((asked.event or "").removeprefix(UPLOAD_PREFIX))
    return {
        "oldest": asked.order == "oldest",
        "states": asked.states,
        "reason": None if asked.reason is None else _containing(asked.reason),
        "own_id": own_id or None,
        "whose": whose,
    }


def _read(place: Place, parameters: Mapping[str, Any], limit: int) -> Part:
    most = max(limit + 1, _most(place))
    asked = {**parameters, **_of_place(place), "limit": limit, "most": most}
    matching: list[Row] = []
    for row in place.database().fetch_all(place.statements["page"], asked, revive=True):
        is_cut = row.pop("is_cut")
        if row.pop("matches"):
            matching.append(row)
        if is_cut:
            return Part(matching, row)
    return Part(matching, None)


def _merged(parts: Sequence[Part], *, oldest_first: bool) -> tuple[list[Row], Row | None]:
    """The rows of all places in order, up to where the search of one of them has ended, and that row."""
    rows = sorted((row for part in parts for row in part.rows), key=_key, reverse=not oldest_first)
    cuts = sorted((part.cut for part in parts if part.cut), key=_key, reverse=not oldest_first)
    if not cuts:
        return rows, None
    end = _key(cuts[0])
    kept = [row for row in rows if (_key(row) <= end if oldest_first else _key(row) >= end)]
    return kept, cuts[0]


def _key(row: Row) -> tuple[Any, str]:
    return row["created_at"], row["id"]


def _count(places: Sequence[Place], asked: EventListing) -> Total:
    parameters = {**_parameters(asked), **_bounds(asked)}
    found = []
    for place in places:
        most = _most(place)
        wanted = {**parameters, **_of_place(place), "most": most}
        (row,) = place.database().fetch_all(place.statements["total"], wanted)
        found.append(of_count(row, most))
    return Total(sum(each.total for each in found), any(each.at_least for each in found))


def _most(place: Place) -> int:
    is_costly = place.statements is SQL and "rejected" in place.sources
    return min(REJECTED_LOOKED_AT, LOOKED_AT) if is_costly else LOOKED_AT


def _of_place(place: Place) -> dict[str, Any]:
    return {**{name: name in place.sources for name in SOURCES}, "types": place.types}


def _span(asked: EventListing) -> dict[str, Any]:
    """The positions between which the rows of this page are."""
    span, position = _bounds(asked), decode_cursor(asked.cursor)
    if position is None:
        return span
    side = "low" if asked.order == "oldest" else "high"
    return {**span, f"{side}_at": position.at, f"{side}_id": position.id}


def _bounds(asked: EventListing) -> dict[str, Any]:
    """The first and the last id belong to nothing."""
    return {
        "low_at": asked.begin or "-infinity",
        "low_id": _NO_ID,
        "high_at": asked.end or "infinity",
        "high_id": _NO_ID,
    }


def _containing(part: str) -> str:
    """The pattern of ILIKE for texts that contain this one."""
    return "%" + _SPECIAL.sub(r"\\\g<0>", part) + "%"
