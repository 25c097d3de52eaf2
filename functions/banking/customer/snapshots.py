"""Snapshots in the database: take one, read a page of them, and compare them."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from chalicelib.banking.configuration import Configuration
from chalicelib.banking.customer.customers import NOT_FOUND, lock_customer, own
from chalicelib.banking.customer.models import CustomerRef
from chalicelib.banking.customer.quotas import check_quota
from chalicelib.banking.customer.snapshot_models import SnapshotFilter
from fintegrate.database import Row
from fintegrate.errors import Conflict, NotFound
from fintegrate.http.cursors import page_parameters
from fintegrate.http.endpoint import Call
from fintegrate.http.envelope import dumps
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


KINDS = ("tags", "metrics")
WHOLE_EVERY = 20
"""Every so many snapshots one is stored whole: a page reads at most so many more than it shows."""


def take_snapshot(call: Call[CustomerRef], settings: Configuration) -> None:
    """Store the customer's present tags and figures, inside the caller's transaction.

    Stores what changed since the snapshot before. The customer's row lock keeps another snapshot from
    coming in between.

    Raises:
        NotFound: the caller has no such customer.
        Conflict: it, or the caller, has as many snapshots as it may have.
    """
    check_quota(call, "snapshots")
    of_customer = own(call, call.body.customer_id)
    lock_customer(call, call.body.customer_id)
    count = call.db.fetch_all(SQL["count_snapshots"], of_customer)[0]["count"]
    if count >= settings.customer_max_snapshots:
        raise Conflict(
            f"The customer has {count} snapshots, at most {settings.customer_max_snapshots} are kept"
        )
    rows = call.db.fetch_all(SQL["list_snapshots"], {**of_customer, **page_parameters(None, 1)})
    newest = rebuilt(rows)[0] if rows else None
    present = call.db.fetch_all(SQL["read_present"], of_customer)[0]
    times = {"at": present["at"], "previous_at": newest["snapshot_at"] if newest else None}
    stored = _stored(newest if count % WHOLE_EVERY else None, present)
    call.db.execute(SQL["store_snapshot"], {**of_customer, **times, **stored})


def _stored(before: Row | None, present: Row) -> Row:
    """What the row of a snapshot holds: all, or what changed since `before`."""
    states = {
        kind: present[kind] if before is None else patch(before[kind], present[kind])
        for kind in KINDS
    }
    return {**{kind: dumps(state) for kind, state in states.items()}, "whole": before is None}


def patch(before: Row, after: Row) -> Row:
    """What makes `after` of `before`: a JSON Merge Patch (RFC 7396) of flat objects without nulls."""
    gone = dict.fromkeys(before.keys() - after.keys())
    return gone | {name: value for name, value in after.items() if before.get(name) != value}


def patched(before: Row, changes: Row) -> Row:
    """Apply a JSON Merge Patch (RFC 7396)."""
    return {name: value for name, value in {**before, **changes}.items() if value is not None}


def rebuilt(rows: list[Row]) -> list[Row]:
    """The snapshots of these rows, newest first, each whole; the last row must be."""
    found: list[Row] = []
    for row in reversed(rows):
        if not row["whole"]:
            before = found[-1]
            row.update({kind: patched(before[kind], row[kind]) for kind in KINDS})
        found.append(row)
    return found[::-1]


def read_snapshots(call: Call[SnapshotFilter]) -> list[Row]:
    """Read a page of snapshots plus one, newest first; `changed` is since the previous snapshot.

    Raises:
        NotFound: the caller has no such customer and no snapshot of it.
    """
    of_customer = own(call, call.body.customer_id)
    place = page_parameters(call.body.cursor, call.body.limit)
    rows = rebuilt(call.db.fetch_all(SQL["list_snapshots"], {**of_customer, **place}))
    rows = rows[: call.body.limit + 1]
    if not rows and not call.db.fetch_all(SQL["was_customer"], of_customer)[0]["known"]:
        raise NotFound(NOT_FOUND)
    for row, before in zip_longest(rows, rows[1:]):
        row["changed"] = changes(before, row) if before else None
    for row in rows:
        del row["whole"]
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
