"""Snapshots in the database: take one, read a page of them, and compare them."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from chalicelib.banking.customer.customers import NOT_FOUND, own
from chalicelib.banking.customer.models import CustomerRef
from chalicelib.banking.customer.snapshot_models import SnapshotFilter
from fintegrate.database import Row
from fintegrate.errors import NotFound
from fintegrate.http.cursors import page_parameters
from fintegrate.http.endpoint import Call
from fintegrate.queries import queries_beside

SQL = queries_beside(__file__)


def take_snapshot(call: Call[CustomerRef]) -> None:
    """Store the customer's present tags and figures.

    Raises:
        NotFound: the caller has no such customer.
    """
    if call.db.fetch_one(SQL["take_snapshot"], own(call, call.body.customer_id)) is None:
        raise NotFound(NOT_FOUND)


def read_snapshots(call: Call[SnapshotFilter]) -> list[Row]:
    """Read a page of snapshots plus one, newest first; `changed` is since the previous snapshot.

    Raises:
        NotFound: the caller has no such customer and no snapshot of it.
    """
    of_customer = own(call, call.body.customer_id)
    place = page_parameters(call.body.cursor, call.body.limit)
    rows = call.db.fetch_all(SQL["list_snapshots"], {**of_customer, **place})
    if not rows and not call.db.fetch_all(SQL["was_customer"], of_customer)[0]["known"]:
        raise NotFound(NOT_FOUND)
    for row, before in zip_longest(rows, rows[1:]):
        row["changed"] = changes(before, row) if before else None
    for row in rows:
        row["tags"], row["metrics"] = _sorted(row["tags"]), _sorted(row["metrics"])
    return rows


def changes(before: Row, after: Row) -> dict[str, Any]:
    """The differences between the `tags` and `metrics` of two snapshots."""
    old, new = before["tags"], after["tags"]
    tags = {
        "added": _sorted({key: value for key, value in new.items() if key not in old}),
        "removed": _sorted({key: value for key, value in old.items() if key not in new}),
        "changed": _differences(old, new, old.keys() & new.keys()),
    }
    old, new = before["metrics"], after["metrics"]
    return {"tags": tags, "metrics": _differences(old, new, old.keys() | new.keys())}


def _differences(old: Row, new: Row, names: set[str]) -> dict[str, Any]:
    return {
        name: {"from": old.get(name), "to": new.get(name)}
        for name in sorted(names)
        if old.get(name) != new.get(name)
    }


def _sorted(values: Row) -> Row:
    return dict(sorted(values.items()))
