"""Erases a person: the match keys and client ids of all their events, and what waits to be sent.

The person is named by one value, which is normalised and hashed as the match keys are. So a value finds
what was sent with it in any spelling. Rows that the intake has not taken yet are read one by one.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.relay.values.json_text import loads
from chalicelib.relay.values.match_keys import user_data
from chalicelib.relay.values.personal import with_user_fields
from fintegrate.database import Database, Row
from fintegrate.errors import Invalid, Unavailable
from fintegrate.outbox.arrays import array_literal
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
BATCH = 500
STATEMENTS = {
    "email": "erase_email",
    "phone": "erase_phone",
    "external_id": "erase_external_id",
}
_TRIES = 40
_PAUSE_SECONDS = 0.05
_BUSY = "Something of this person is just being changed, so nothing was erased; try again"
_BACKLOG = "The intake has too many rows to look through, so nothing was erased; try again later"


def erase(db: Database, field: str, value: str, seconds: float) -> Row:
    """Erase; to be called in a transaction.

    Args:
        field: `email`, `phone` or `external_id`

    Raises:
        Invalid: the value is not what the field is for.
        Unavailable: it took too long; nothing was erased.
    """
    countries = [row["country"] for row in db.fetch_all(SQL["countries"], {})] or ["US"]
    hashes = hashes_of(field, value, countries)
    if not hashes:
        raise Invalid(f"{field}: cannot be read as one")
    waiting = _erase_waiting(db, field, hashes, countries, time.monotonic() + seconds)
    statement = SQL[STATEMENTS[field]]
    events = [row["id"] for row in db.fetch_all(statement, {"hashes": sorted(hashes)})]
    return {"erased_count": waiting + len(events), "skipped_count": _skip_pending(db, events)}


def hashes_of(field: str, value: object, countries: Iterable[str]) -> set[str]:
    """All match keys that the value may have, as each of these countries' shops would have made them."""
    return {
        key for country in countries for key in user_data({field: value}, country).keys.values()
    }


def _erase_waiting(
    db: Database, field: str, hashes: set[str], countries: Iterable[str], deadline: float
) -> int:
    """Before the accepted events, so that what the intake accepts meanwhile is found among these."""
    after: int | None = 0
    found: list[int] = []
    while after is not None:
        if time.monotonic() > deadline:
            raise Unavailable(_BACKLOG, 60)
        rows = db.fetch_all(SQL["waiting"], {"after": after, "batch": BATCH})
        found += [row["id"] for row in rows if _is_of(row, field, hashes, countries)]
        after = rows[-1]["id"] if len(rows) == BATCH else None
    return db.execute(SQL["erase_waiting"], {"ids": array_literal(found)}) if found else 0


def _is_of(row: Row, field: str, hashes: set[str], countries: Iterable[str]) -> bool:
    try:
        payload: Any = loads(row["payload"])
    except ValueError:
        return False
    if not isinstance(payload, Mapping):
        return False
    user = with_user_fields(payload).get("user")
    value = user.get(field) if isinstance(user, Mapping) else None
    return value is not None and bool(hashes & hashes_of(field, value, countries))


def _skip_pending(db: Database, events: list[int]) -> int:
    if not events:
        return 0
    named = {"events": array_literal(events)}
    skipped = 0
    for _ in range(_TRIES):
        skipped += db.execute(SQL["skip_pending"], named)
        (left,) = db.fetch_all(SQL["count_pending"], named)
        if not left["count"]:
            return skipped
        time.sleep(_PAUSE_SECONDS)
    raise Unavailable(_BUSY, 5)
