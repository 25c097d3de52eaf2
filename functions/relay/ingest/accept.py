"""Stores the items of a batch, each with its deliveries, in one transaction.

The first event of an identity (storefront, id, type) stands. A batch sent again changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chalicelib.relay import places
from chalicelib.relay.ingest.items import Item, Rejected, Storefront, read_item
from chalicelib.relay.values.json_text import dumps
from fintegrate.access.sealing import Sealing
from fintegrate.database import Database, Row
from fintegrate.outbox.arrays import array_literal
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
SOURCE = "api"
Identity = tuple[int, str, str]


def accept(db: Database, sealing: Sealing, items: Sequence[object], now: datetime) -> list[Row]:
    """A result per item, in their order: `index, status` and what belongs to it.

    To be called in a transaction.
    """
    storefronts = _storefronts(db, items)
    results: dict[int, Row] = {}
    new: dict[Identity, tuple[int, Item]] = {}
    again: list[tuple[int, Item]] = []
    for index, item in enumerate(items):
        try:
            read = read_item(item, storefronts, now)
        except Rejected as rejected:
            results[index] = {"index": index, "status": "rejected", "error": str(rejected)}
            continue
        if identity_of(read) in new:
            again.append((index, read))
        else:
            new[identity_of(read)] = (index, read)
    written = _write(db, sealing, [item for _, item in new.values()])
    for identity, (index, item) in new.items():
        if identity in written:
            results[index] = _result(index, item, "accepted", written[identity])
        else:
            again.append((index, item))
    results |= dict(_compared(db, again))
    return [results[index] for index in range(len(items))]


def _storefronts(db: Database, items: Sequence[object]) -> dict[str, Storefront]:
    codes = {
        code
        for item in items
        if isinstance(item, dict) and isinstance(code := item.get("storefront_id"), str)
    }
    readable = [
        code for code in codes if len(code) <= 64 and "\0" not in code and code.isprintable()
    ]
    if not readable:
        return {}
    rows = db.fetch_all(SQL["storefronts"], {"codes": readable})
    return {
        row["storefront_id"]: Storefront(row["id"], row["currency"], row["country"]) for row in rows
    }


def _write(db: Database, sealing: Sealing, items: Sequence[Item]) -> dict[Identity, int]:
    if not items:
        return {}
    text = dumps([row_of(item, sealing) for item in items]).decode()
    rows = db.fetch_all(SQL["accept"], {"items": text, "source_system": SOURCE})
    return {(row["storefront_id"], row["identity"], row["event_type"]): row["id"] for row in rows}


def row_of(item: Item, sealing: Sealing) -> dict[str, Any]:
    """What the statements take of an item, its private data sealed for its place."""
    place = places.of_event(*identity_of(item))
    sealed = sealing.seal(item.private, place) if item.private else None
    return {
        "storefront": item.storefront.id,
        "code": item.code,
        "event_id": item.order_id or item.identity,
        "identity": item.identity,
        "order_id": item.order_id,
        "event_type": item.event_type,
        "event_time": item.event_time.isoformat(),
        "dedup_id": item.dedup_id,
        "payload": item.payload,
        "match_keys": item.match_keys,
        "private": sealed.text if sealed else None,
        "key_id": sealed.key_id if sealed else None,
        "consent": item.consent,
        "content_hash": item.content_hash,
    }


def _compared(db: Database, again: Sequence[tuple[int, Item]]) -> list[tuple[int, Row]]:
    """Whether each of these has the content of the event that stands."""
    if not again:
        return []
    asked = sorted({identity_of(item) for _, item in again})
    rows = db.fetch_all(
        SQL["standing"],
        {
            "storefronts": array_literal(storefront for storefront, _, _ in asked),
            "identities": [identity for _, identity, _ in asked],
            "types": [event_type for _, _, event_type in asked],
        },
    )
    standing = {(row["storefront_id"], row["identity"], row["event_type"]): row for row in rows}
    found: list[tuple[int, Row]] = []
    for index, item in again:
        row = standing[identity_of(item)]
        status = "duplicate" if row["content_hash"] == item.content_hash else "conflict"
        found.append((index, _result(index, item, status, row["id"])))
    return found


def _result(index: int, item: Item, status: str, row_id: int) -> Row:
    return {
        "index": index,
        "status": status,
        "id": row_id,
        "event_id": item.identity,
        "event_type": item.event_type,
        "warnings": item.warnings,
    }


def identity_of(item: Item) -> Identity:
    """What makes it the same event as another: storefront, id and type."""
    return item.storefront.id, item.identity, item.event_type
