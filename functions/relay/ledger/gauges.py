"""The relay's gauges: of each lane, of the intake, and of the last reconciliation.

They are read from the database, so every process shows the same values. A lane without a backlog shows
0, so that an alert can distinguish none from unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from chalicelib.relay.ledger.health import read_intake, read_lanes
from chalicelib.relay.ledger.reconcile import DISCREPANCIES, STATUSES, read_last
from fintegrate.database import Database, Row
from fintegrate.metrics import GaugeFamily

STATES = ("open", "waiting", "failing", "blocked", "paused")
LANE = ("lane", "storefront", "destination")


def gauges(db: Database) -> Iterator[GaugeFamily]:
    """All gauges for `/metrics`."""
    yield from lane_gauges(read_lanes(db))
    yield from intake_gauges(read_intake(db))
    yield from reconciliation_gauges(read_last(db))


def lane_gauges(rows: Sequence[Row]) -> Iterator[GaugeFamily]:
    """The families of these lanes."""
    lanes = {_lane(row): row for row in rows}
    yield GaugeFamily(
        "fintegrate_relay_lane_pending",
        "Deliveries of a lane that are not done",
        {lane: row["pending_count"] for lane, row in lanes.items()},
        LANE,
    )
    yield GaugeFamily(
        "fintegrate_relay_lane_oldest_pending_age_seconds",
        "Since when the oldest of them was accepted, but for those of replays; 0 when there is none",
        {lane: row["oldest_pending_age_seconds"] or 0.0 for lane, row in lanes.items()},
        LANE,
    )
    yield GaugeFamily(
        "fintegrate_relay_lane_state",
        "1 for the state that a lane is in",
        {
            (*lane, state): float(row["state"] == state)
            for lane, row in lanes.items()
            for state in STATES
        },
        (*LANE, "state"),
    )


def intake_gauges(row: Row) -> Iterator[GaugeFamily]:
    """The families of what the order system has inserted."""
    yield GaugeFamily(
        "fintegrate_relay_intake_rows",
        "Inserted rows that were not taken in; foreign ones have a status of the order system's own",
        {
            ("pending",): row["pending_count"],
            ("unresolved",): row["unresolved_count"],
            ("foreign",): sum(each["row_count"] for each in row["foreign"]),
        },
        ("status",),
    )
    yield GaugeFamily(
        "fintegrate_relay_intake_oldest_pending_age_seconds",
        "Age of the oldest row that waits for the intake, 0 when none does",
        {(): row["oldest_pending_age_seconds"] or 0.0},
    )


def reconciliation_gauges(report: Row | None) -> Iterator[GaugeFamily]:
    """The families of a reconciliation; empty before the first one."""
    if report is None:
        return
    yield GaugeFamily(
        "fintegrate_relay_reconcile_timestamp_seconds",
        "When the last scheduled reconciliation was taken",
        {(): datetime.fromisoformat(report["taken_at"]).timestamp()},
    )
    yield GaugeFamily(
        "fintegrate_relay_reconcile_balanced",
        "Whether the ledger was balanced then",
        {(): float(report["balanced"])},
    )
    yield GaugeFamily(
        "fintegrate_relay_reconcile_events",
        "The ledger of a lane then: accepted events, and deliveries of each status",
        {
            (*_lane(lane), kind): lane[kind]
            for lane in report["lanes"]
            for kind in ("accepted", *STATUSES)
        },
        (*LANE, "kind"),
    )
    yield GaugeFamily(
        "fintegrate_relay_reconcile_discrepancies",
        "What should not be in the ledger, and was then",
        {(name,): report["discrepancies"][name] for name in DISCREPANCIES},
        ("discrepancy",),
    )


def _lane(row: Row) -> tuple[str, str, str]:
    return str(row["lane_id"]), row["storefront"] or "", row["destination"]
