"""Puts together everything that the first screen shows of the relay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from chalicelib.relay.console import minutes, rows, waiting
from chalicelib.relay.console.conditions import CONDITIONS
from chalicelib.relay.console.figures import (
    LaneNow,
    findings_of_intake,
    findings_of_ledger,
    lane_now,
)
from chalicelib.relay.console.lanes import Lane, living, read_lanes
from chalicelib.relay.ledger.reconcile import read_last
from fintegrate.console.attention import attention, by_stream, verdict
from fintegrate.console.kept import Kept
from fintegrate.console.servers import SystemState
from fintegrate.database import Database, Row
from fintegrate.errors import NotFound

FIRST_STEPS = (
    "Nothing can be sent yet. Make a storefront and its first destination, "
    "as docs/relay/README.md says."
)
FINE = "Everything arrives."
NEVER_COUNTED = FINE + " The ledger was not counted yet."
NO_LANE = "No such lane; check stream"
LEDGERS: Kept[Row | None] = Kept(10.0)


def read_overview(db: Database, system: SystemState, stream: int | None) -> dict[str, Any]:
    """The answer of `GET /relay/overview` about all lanes, or one.

    Raises:
        NotFound: there is no such lane.
    """
    chosen = _chosen(db, stream)
    numbers = [lane.lane_id for lane in chosen]
    figures = waiting.read(db, numbers)
    intake, ledger = waiting.read_intake(db), LEDGERS.get(db, lambda: read_ledger(db))
    now = intake["at"]
    lanes = [lane_now(lane, figures[lane.lane_id], now) for lane in chosen]
    hour = minutes.read_last_hour(db, numbers, now)
    every = [finding for each in lanes for finding in each.findings]
    if stream is None:
        every += [
            *system.findings(CONDITIONS, now),
            *findings_of_intake(intake),
            *findings_of_ledger(ledger, now),
        ]
    entries, points = attention(every, "lanes"), rows.points(lanes, hour)
    return {
        "as_of": now,
        "verdict": _verdict(entries, lanes, ledger),
        "attention": by_stream(entries),
        "pipeline": rows.pipeline(lanes, intake if stream is None else None, points, hour),
        "streams": rows.streams(lanes, hour, minutes.read_lags(db, numbers)),
        "system": {**system.shown(), "reconciliation": ledger},
        "last_hour": points,
    }


def read_ledger(db: Database) -> Row | None:
    """The last scheduled reconciliation: when, whether it balanced, and how much was wrong."""
    report = read_last(db)
    if report is None:
        return None
    unbalanced = sum(not lane["balanced"] for lane in report["lanes"])
    return {
        "taken_at": datetime.fromisoformat(report["taken_at"]).astimezone(UTC),
        "balanced": report["balanced"],
        "discrepancies": sum(report["discrepancies"].values()) + unbalanced,
    }


def _chosen(db: Database, stream: int | None) -> list[Lane]:
    lanes = living(read_lanes(db).values())
    chosen = [lane for lane in lanes if stream in (None, lane.lane_id)]
    if not chosen and stream is not None:
        raise NotFound(NO_LANE)
    return chosen


def _verdict(
    entries: Sequence[dict[str, Any]], lanes: Sequence[LaneNow], ledger: Row | None
) -> dict[str, Any]:
    if not lanes:
        return {"level": "ok", "sentence": FIRST_STEPS, "count": len(entries)}
    balanced = ledger["balanced"] if ledger else None
    late = any(entry["condition"] == "not_reconciled" for entry in entries)
    fine = NEVER_COUNTED if ledger is None else FINE
    return verdict(
        entries, is_sure=bool(balanced) and not late, is_lost=balanced is False, fine=fine
    )
