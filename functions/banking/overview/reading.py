"""Puts together everything that the first screen shows of one scope."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from chalicelib.banking.overview import figures, history, live, rows, unfinished, waiting
from chalicelib.banking.overview.conditions import CONDITIONS
from chalicelib.banking.overview.history import History
from chalicelib.banking.tenants import ADMIN_ID
from fintegrate.console.ages import seconds_since
from fintegrate.console.attention import Finding, attention, verdict
from fintegrate.console.servers import SystemState
from fintegrate.database import Database, Row
from fintegrate.errors import NotFound

FIRST_STEPS = (
    "No bank is connected yet. Make one under Banks, then give its program the key and the access "
    "to its queue."
)
FINE = "Everything arrives."
NEVER_COUNTED = FINE + " The ledger was not counted yet."
CONNECT = "/connect"
"""Where a bank sees its queue, and who reads it."""
NOT_FOR_TENANTS = ("/banks", "/ledger")


def read_overview(
    database: Database, consumer_id: str | None, past: History, system: SystemState, *, tenant: bool
) -> dict[str, Any]:
    """The answer of `GET /overview` about all streams, or one; a tenant sees less of the system.

    Raises:
        NotFound: there is no such stream.
    """
    found = [
        figures.completed(row, past.streams.get(str(row["consumer_id"])), past.ledger)
        for row in waiting.read(database, consumer_id)
    ]
    if not found:
        raise NotFound("No such consumer; check consumer_id")
    now, stream = found[0]["at"], history.stream_of(consumer_id)
    fresh = live.read(database, consumer_id, past.counted_until, now)
    last_minute = live.read_last_minute(database, consumer_id, fresh, now)
    by_stream = {str(row["consumer_id"]): list(figures.findings(row)) for row in found}
    stuck = list(unfinished.findings(database, consumer_id, now, tenant=tenant))
    for finding in stuck:
        by_stream.setdefault(str(finding.stream), []).append(finding)
    every = [
        *system.findings(CONDITIONS, now, with_schedules=not tenant),
        *(f for each in by_stream.values() for f in each),
    ]
    if consumer_id is None:
        every += _of_all(database, past.ledger, now)
    entries = attention(every, "banks", "bank" if tenant else None)
    if tenant:
        entries = [_for_tenant(entry) for entry in entries]
    points = rows.points(past, fresh, stream, now)
    return {
        "as_of": now,
        "verdict": _verdict(entries, found, past.ledger),
        "attention": entries,
        "pipeline": rows.pipeline(found, points, last_minute),
        "streams": rows.streams(found, by_stream, past, fresh, now),
        "system": {**system.shown(), "reconciliation": _reconciliation(past.ledger)},
        "last_hour": points,
    }


def _of_all(database: Database, ledger: Row | None, now: datetime) -> Iterator[Finding]:
    """The conditions that belong to no stream."""
    letters = waiting.read_nobodys(database)
    if CONDITIONS["unmatched_dead_letters"].is_met(letters["unmatched"]):
        since = letters["oldest_unmatched_at"]
        age = seconds_since(since, now)
        name = "A queue of no bank"
        condition = CONDITIONS["unmatched_dead_letters"]
        yield Finding(condition, None, name, letters["unmatched"], age, since)
    taken = ledger["taken_at"] if ledger else None
    age = seconds_since(taken, now)
    if CONDITIONS["not_reconciled"].is_met(age):
        yield Finding(CONDITIONS["not_reconciled"], None, "ledger", age=age, since=taken)


def _for_tenant(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry without what only the operator can open or do."""
    if not entry["view"].startswith(NOT_FOR_TENANTS):
        return entry
    return {**entry, "view": CONNECT if entry["side"] == "bank" else "/now", "act": None}


def _verdict(
    entries: Sequence[dict[str, Any]], found: Sequence[Row], ledger: Row | None
) -> dict[str, Any]:
    if [str(row["consumer_id"]) for row in found] == [ADMIN_ID]:
        return {"level": "ok", "sentence": FIRST_STEPS, "count": len(entries)}
    balanced = ledger["balanced"] if ledger else None
    fine = NEVER_COUNTED if ledger is None else FINE
    late = any(entry["condition"] == "not_reconciled" for entry in entries)
    return verdict(
        entries, is_sure=bool(balanced) and not late, is_lost=balanced is False, fine=fine
    )


def _reconciliation(ledger: Row | None) -> dict[str, Any] | None:
    if ledger is None:
        return None
    off = sum((ledger["discrepancies"] or {}).values())
    return {"taken_at": ledger["taken_at"], "balanced": ledger["balanced"], "discrepancies": off}
