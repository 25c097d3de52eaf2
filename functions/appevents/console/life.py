"""Reads one event's life, or one upload's, with its timeline and who held it for how long."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.appevents.console import steps, uploads
from chalicelib.appevents.console.listing import shown
from chalicelib.appevents.console.models import LETTER_PREFIX, UPLOAD_PREFIX, named
from chalicelib.appevents.console.streams import stream_of
from fintegrate.database import Database, Row
from fintegrate.errors import NotFound, Unavailable
from fintegrate.queries import queries_beside
from fintegrate.settings import SettingsError

SQL = queries_beside(__name__)
NOT_FOUND = "No such event; check event_id"
ASKED = "media.upload_requested"
"""The event that asks for an upload: both have one id."""
DatabaseOf = Callable[[str], Database]


def read_event(db: Database, database_of: DatabaseOf, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Read an event, an upload or a dead letter; `wanted` has `event_id`, `user_id` and `payload`.

    `database_of` gives a service's database.

    Raises:
        NotFound: there is none.
    """
    event_id = wanted["event_id"]
    if event_id.startswith(UPLOAD_PREFIX):
        return _upload(db, database_of, {**wanted, "id": event_id.removeprefix(UPLOAD_PREFIX)})
    if event_id.startswith(LETTER_PREFIX):
        return _letter(db, {**wanted, "id": event_id.removeprefix(LETTER_PREFIX)})
    own_id, whose = named(event_id)
    if whose is not None and wanted["user_id"] not in (None, whose):
        raise NotFound(NOT_FOUND)
    user_id = whose or wanted["user_id"]
    return _event(db, database_of, {**wanted, "id": own_id, "user_id": user_id})


def _event(db: Database, database_of: DatabaseOf, asked: Mapping[str, Any]) -> dict[str, Any]:
    event = db.fetch_one(SQL["event"], asked, revive=True)
    if event is None:
        raise NotFound(NOT_FOUND)
    key = {"id": event["id"], "user_id": event["own_id"]}
    letters = db.fetch_all(SQL["letters"], key)
    service = stream_of(event["event_type"])
    acted = _elsewhere(database_of, service, SQL["acted"], key)
    siblings = []
    if event["event_type"] == ASKED:
        siblings.append(_elsewhere(database_of, "video", uploads.SQL["one"], key))
    return {
        **shown(event),
        "payload": steps.shape_of(event["payload"]) if event["payload"] else None,
        "timeline": steps.steps_of(event, letters, acted, service),
        "durations": steps.held(event),
        "facts": steps.listed(steps.facts_of(event, letters)),
        "siblings": [_sibling(each) for each in siblings if each],
    }


def _upload(db: Database, database_of: DatabaseOf, asked: Mapping[str, Any]) -> dict[str, Any]:
    upload = database_of("video").fetch_one(uploads.SQL["one"], asked, revive=True)
    if upload is None:
        raise NotFound(NOT_FOUND)
    key = {"id": upload["id"], "user_id": upload["own_id"], "payload": False}
    event = db.fetch_one(SQL["event"], key, revive=True)
    return {
        **shown(upload),
        "payload": None,
        "timeline": steps.upload_steps(upload),
        "durations": steps.upload_held(upload),
        "facts": steps.listed(steps.upload_facts(upload)),
        "siblings": [_sibling(event)] if event else [],
    }


def _letter(db: Database, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A dead letter by itself: it may be of no client's event."""
    letter = db.fetch_one(SQL["letter"], asked, revive=True)
    if letter is None:
        raise NotFound(NOT_FOUND)
    return {
        "event_id": f"{LETTER_PREFIX}{letter['id']}",
        "stream": letter["service"],
        "stream_name": letter["service"],
        "sequence": None,
        "event_type": letter["event_type"],
        "state": "in_queue" if letter["redriven_at"] else "dead_lettered",
        "reason": letter["error_code"],
        "created_at": letter["failed_at"],
        "lag_ms": None,
        "try_count": letter["attempt"],
        "own_id": letter["own_id"],
        "payload": None,
        "timeline": steps.letter_steps(letter),
        "durations": steps.unknown(letter["failed_at"], letter["now"]),
        "facts": steps.listed({"dead letter": None if letter["redriven_at"] else letter["id"]}),
        "siblings": [],
    }


def _elsewhere(
    database_of: DatabaseOf, service: str, sql: str, key: Mapping[str, Any]
) -> Row | None:
    """What a service's own database has; None too while it is away."""
    try:
        return database_of(service).fetch_one(sql, key, revive=True)
    except (Unavailable, SettingsError, KeyError):
        return None


def _sibling(row: Row) -> dict[str, Any]:
    return {name: shown(row)[name] for name in ("event_id", "stream_name", "state")}
