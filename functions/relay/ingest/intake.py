"""The intake of rows that the order system inserted into `marketing_events` itself.

Each row becomes an accepted event with its deliveries, or says in `status` and `status_reason` why not:
`duplicate` names the event that stands, `rejected` what cannot be read. `unresolved` means that its
storefront is not known or not active, or that id and code disagree: nothing is guessed, the row is
looked at again each minute, and rejected after some days. A row that was inserted with another status
than `pending` is left alone and counted. A row that we fail on stays pending and holds up no other.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from chalicelib.relay.ingest.accept import SQL as ACCEPT
from chalicelib.relay.ingest.accept import Identity, identity_of, row_of
from chalicelib.relay.ingest.items import ITEM_BYTES, Item, Rejected, Storefront, read_item
from chalicelib.relay.values.json_text import dumps, loads
from fintegrate.access.sealing import Sealing
from fintegrate.database import Database, Row, UniqueViolation
from fintegrate.errors import Unavailable
from fintegrate.outbox.arrays import array_literal
from fintegrate.queries import queries_beside

log = logging.getLogger(__name__)
SQL = queries_beside(__name__)
UNRESOLVED_DAYS = 7
BATCH = 500
PAYLOAD_BYTES = 4 * ITEM_BYTES
"""An item's bytes are counted without what JSON may have between its values."""
_ATTEMPTS = 3
"""Of a batch: each but the last may meet an event that the API has accepted just then."""


class _NotTaken(Exception):
    """Our own code, or the database, fails on one of these rows."""

    def __init__(self, ids: Sequence[int]) -> None:
        super().__init__(f"{len(ids)} rows could not be taken in")
        self.ids = ids


class _SetAside(NamedTuple):
    status: str
    reason: str


class _Known(NamedTuple):
    storefront: Storefront
    code: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Intake:
    """What the intake needs of its process."""

    database: Database
    sealing: Sealing
    batch: int = BATCH

    def run(self, seconds: float) -> dict[str, int]:
        """Look again at what is unresolved, then take in what is pending; returns rows by status.

        `left_alone` counts all rows that there are with a status of somebody else's.
        """
        deadline = time.monotonic() + seconds
        counts: Counter[str] = Counter()
        for status in ("unresolved", "pending"):
            after: int | None = 0
            while after is not None and time.monotonic() < deadline:
                after = self._take(status, after, counts)
        counts["left_alone"] = self.left_alone()
        return {status: count for status, count in counts.items() if count}

    def left_alone(self) -> int:
        """How many rows have a status that only the intake may give, or none that anybody knows."""
        return int(self.database.fetch_all(SQL["count_left_alone"], {})[0]["count"])

    def _take(self, status: str, after: int, counts: Counter[str]) -> int | None:
        """Take one batch behind this id; returns its last id, None if there are no more."""
        try:
            ids = self._take_rows(status, after, self.batch, counts)
        except _NotTaken as error:
            ids = error.ids
            for each in ids:
                self._take_one(status, each, counts)
        return ids[-1] if len(ids) == self.batch else None

    def _take_one(self, status: str, row: int, counts: Counter[str]) -> None:
        try:
            self._take_rows(status, row - 1, 1, counts)
        except _NotTaken as error:
            why = type(error.__cause__).__name__  # its text may hold what is in the row
            log.error("row %s cannot be taken in: %s", row, why)  # noqa: TRY400 - nor a traceback
            counts["failed"] += 1

    def _take_rows(self, status: str, after: int, most: int, counts: Counter[str]) -> Sequence[int]:
        for attempt in range(_ATTEMPTS):
            try:
                with self.database.transaction():
                    rows = self._claim(status, after, most)
                    found = self._taken(rows)
                counts.update(found)
                break
            except UniqueViolation:
                if attempt == _ATTEMPTS - 1:
                    raise
        return [row["id"] for row in rows]

    def _taken(self, rows: Sequence[Row]) -> Counter[str]:
        try:
            return self._take_in(rows)
        except (UniqueViolation, Unavailable):
            raise
        except Exception as error:
            raise _NotTaken([row["id"] for row in rows]) from error

    def _claim(self, status: str, after: int, most: int) -> list[Row]:
        wanted = {
            "status": status,
            "after": after,
            "batch": most,
            "most_bytes": PAYLOAD_BYTES,
            "unresolved_days": UNRESOLVED_DAYS,
        }
        return self.database.fetch_all(SQL["claim"], wanted)

    def _take_in(self, rows: Sequence[Row]) -> Counter[str]:
        if not rows:
            return Counter()
        known = self._storefronts(rows)
        now = datetime.now(UTC)
        read: dict[Identity, tuple[Row, Item]] = {}
        aside: list[tuple[Row, _SetAside]] = []
        copies: list[tuple[Row, Identity]] = []
        for row in rows:
            found = _read(row, known, now)
            if isinstance(found, _SetAside):
                aside.append((row, found))
            elif identity_of(found) in read:
                copies.append((row, identity_of(found)))
            else:
                read[identity_of(found)] = (row, found)
        standing = self._standing(list(read))
        copies += [(read.pop(identity)[0], identity) for identity in standing]
        for row, identity in copies:
            event = standing[identity] if identity in standing else read[identity][0]["id"]
            aside.append((row, _SetAside("duplicate", f"event {event} stands")))
        self._accept(list(read.values()))
        self._set_aside(aside)
        return Counter({"accepted": len(read)}) + Counter(told.status for _, told in aside)

    def _storefronts(self, rows: Sequence[Row]) -> Callable[[Row], _Known | None]:
        found = self.database.fetch_all(
            SQL["storefronts"],
            {
                "ids": [row["storefront_id"] for row in rows if row["storefront_id"] is not None],
                "codes": [row["storefront_code"] for row in rows if row["storefront_code"]],
            },
        )
        by_id = {row["id"]: row for row in found}
        by_code = {row["storefront_id"]: row for row in found}

        def known(row: Row) -> _Known | None:
            """The one storefront that the row names, by id, by code or by both."""
            named = []
            if row["storefront_id"] is not None:
                named.append(by_id.get(row["storefront_id"]))
            if row["storefront_code"] is not None:
                named.append(by_code.get(row["storefront_code"]))
            first = named[0]
            if first is None or any(other is not first for other in named):
                return None
            storefront = Storefront(first["id"], first["currency"], first["country"])
            return _Known(storefront, first["storefront_id"], first["is_active"])

        return known

    def _standing(self, identities: Sequence[Identity]) -> dict[Identity, int]:
        if not identities:
            return {}
        rows = self.database.fetch_all(
            ACCEPT["standing"],
            {
                "storefronts": array_literal(storefront for storefront, _, _ in identities),
                "identities": [identity for _, identity, _ in identities],
                "types": [event_type for _, _, event_type in identities],
            },
        )
        return {
            (row["storefront_id"], row["identity"], row["event_type"]): row["id"] for row in rows
        }

    def _accept(self, items: Sequence[tuple[Row, Item]]) -> None:
        if items:
            made = [{"id": row["id"], **row_of(item, self.sealing)} for row, item in items]
            self.database.fetch_all(SQL["accept"], {"items": dumps(made).decode()})

    def _set_aside(self, aside: Sequence[tuple[Row, _SetAside]]) -> None:
        changed = [
            (row, told)
            for row, told in aside
            if (told.status, told.reason) != (row["status"], row["status_reason"])
        ]
        if changed:
            self.database.execute(
                SQL["set_aside"],
                {
                    "ids": array_literal(row["id"] for row, _ in changed),
                    "statuses": [told.status for _, told in changed],
                    "reasons": [told.reason for _, told in changed],
                },
            )


def _read(row: Row, known: Callable[[Row], _Known | None], now: datetime) -> Item | _SetAside:
    found = known(row)
    if found is None or not found.is_active:
        why = "its storefront is not active" if found else "no storefront has its id and code"
        if row["too_long"]:
            return _SetAside("rejected", f"{why}, for {UNRESOLVED_DAYS} days")
        return _SetAside("unresolved", why)
    if row["too_large"]:
        return _SetAside("rejected", f"event_payload: has more than {PAYLOAD_BYTES} bytes")
    try:
        payload = loads(row["payload"]) if row["payload"] is not None else {}
    except ValueError:
        payload = None
    if not isinstance(payload, Mapping):
        return _SetAside("rejected", "event_payload: must be an object")
    item: dict[str, Any] = {
        **payload,
        "storefront_id": found.code,
        "event_name": row["event_type"],
        "order_id": payload.get("order_id") if row["event_id"] is None else row["event_id"],
    }
    if item.get("event_time") is None:
        item["event_time"] = row["created_at"].isoformat()
    try:
        return read_item(item, {found.code: found.storefront}, now)
    except Rejected as rejected:
        return _SetAside("rejected", str(rejected))
