"""Accepts events: each id of a user once, in an order without gaps, committed before it is published."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pydantic import ValidationError

from chalicelib.appevents.envelope import MAJOR, SCHEMA_VERSION
from chalicelib.appevents.events.catalogue import CLIENT, TYPES, model_of
from chalicelib.appevents.events.fields import is_sealed
from chalicelib.appevents.notification.models import ClientEvent
from chalicelib.appevents.sealed_fields import SealedFields
from fintegrate.database import Database, Row
from fintegrate.errors import Forbidden, Invalid, PayloadTooLarge
from fintegrate.http.validation import sentences
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
MOST_BYTES = 65_536
SECRETS_STAY = timedelta(hours=24)
_ENCODER = json.JSONEncoder(default=datetime.isoformat)
_encoded = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode


class Accepted(NamedTuple):
    """What became of an event that was told."""

    row: Row
    """`id`, `sequence`, `is_next` and what a message is made from; of a duplicate its `content_hash` and
    statuses."""
    is_new: bool
    is_same: bool = True
    """False: the id stands for other content."""


def checked(told: ClientEvent, user_id: str) -> None:
    """Check what an event says.

    Raises:
        Forbidden: it is another user's.
        Invalid: its type or its data is wrong.
        PayloadTooLarge: it is too large.
    """
    if told.user_id is not None and str(told.user_id) != user_id:
        raise Forbidden("user_id must be your own; leave it out")
    if not (told.schema_version or SCHEMA_VERSION).startswith(MAJOR):
        raise Invalid(f"schema_version: must be {MAJOR}x")
    known = TYPES.get(told.event_type)
    if known is None or known.told_by != CLIENT:
        raise Invalid("event_type: is not a type that clients send")
    text = _encoded(told.data)
    if len(text.encode()) > MOST_BYTES:
        raise PayloadTooLarge(f"The data of an event may have at most {MOST_BYTES} bytes")
    try:
        model_of(told.event_type).model_validate_json(
            text, strict=True, context={"user_id": user_id}
        )
    except ValidationError as error:
        found = error.errors(include_url=False)
        for each in found:
            each["loc"] = ("data", *each["loc"])
        raise Invalid(sentences(found)) from None
    for field in known.secrets:
        if is_sealed(told.data.get(field)):  # only we seal
            raise Invalid(f"data.{field}: must be a string")


def accept(
    db: Database,
    user_id: str,
    told: Sequence[ClientEvent],
    received_at: datetime,
    facts: Mapping[str, Any],
    sealed: SealedFields,
) -> list[Accepted]:
    """Write events that were checked, and no id twice; in the order in which they were told.

    `facts` has `sent_at` (the client's clock when it sent the request, or None), `request_id` and
    `traceparent`. Each statement commits by itself.
    """
    items = [
        _item(place, each, received_at, facts) | _content(each, user_id, received_at, sealed)
        for place, each in enumerate(told)
    ]
    request = {
        "user_id": user_id,
        "received_at": received_at,
        "request_id": facts["request_id"],
        "traceparent": facts["traceparent"],
    }
    written = db.fetch_all(SQL["accept"], {**request, "items": _ENCODER.encode(items)})
    new = {row["client_generated_id"]: row for row in written}
    ids = [item["client_generated_id"] for item in items]
    standing = find(db, user_id, [each for each in ids if each not in new])
    return [
        Accepted({**request, **item, **new[each]}, is_new=True)
        if each in new
        else Accepted(standing[each], is_new=False, is_same=_is_same(standing[each], event, sealed))
        for each, item, event in zip(ids, items, told, strict=True)
    ]


def find(db: Database, user_id: str, ids: Sequence[str]) -> dict[str, Row]:
    """A user's events with these ids, and what became of each."""
    if not ids:
        return {}
    rows = db.fetch_all(SQL["find"], {"user_id": user_id, "ids": list(ids)})
    return {row["client_generated_id"]: row for row in rows}


def list_page(db: Database, user_id: str, wanted: Mapping[str, Any]) -> list[Row]:
    """A user's events, newest first, one more than the page has; all, or those of a status."""
    return db.fetch_all(SQL["list"], {"user_id": user_id, **wanted})


def effective_at(told_at: datetime, received_at: datetime, sent_at: datetime | None) -> datetime:
    """When it happened, by our clock: its age is measured by the client's clock alone.

    Without the client's time of sending it is the earlier of what the client says and now.
    """
    if sent_at is None or sent_at < told_at:
        return min(told_at, received_at)
    try:
        return received_at - (sent_at - told_at)
    except OverflowError:
        return min(told_at, received_at)


def _item(
    place: int, told: ClientEvent, received_at: datetime, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """What the statement takes of an event, and a message is made from."""
    return {
        "place": place,
        "client_generated_id": str(told.client_generated_id),
        "event_type": told.event_type,
        "told_at": told.timestamp,
        "effective_at": effective_at(told.timestamp, received_at, facts["sent_at"]),
    }


def _content(
    told: ClientEvent, user_id: str, received_at: datetime, sealed: SealedFields
) -> dict[str, Any]:
    """What the event says, and the hash of it. Without secrets both are plain."""
    if not TYPES[told.event_type].secrets:
        return {"data": told.data, "content_hash": _hash(told), "erase_at": None}
    key = told.event_type, user_id, str(told.client_generated_id)
    return {
        "data": sealed.seal(*key, told.data),
        "content_hash": sealed.digest(content(told)),
        "erase_at": received_at + SECRETS_STAY,
    }


def _is_same(row: Row, told: ClientEvent, sealed: SealedFields) -> bool:
    stands = TYPES.get(row["event_type"])
    if row["event_type"] != told.event_type or stands is None:
        return False
    if stands.secrets:
        return sealed.is_digest_of(row["content_hash"], content(told))
    return bool(row["content_hash"] == _hash(told))


def _hash(told: ClientEvent) -> str:
    return hashlib.sha256(content(told).encode()).hexdigest()


def content(told: ClientEvent) -> str:
    """What tells whether two events with one id are the same: their type and data."""
    return _encoded([told.event_type, told.data])
