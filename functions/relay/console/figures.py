"""The figures of lanes that conditions compare, and the conditions that they meet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.relay.console.conditions import CONDITIONS, MASS_REFUSAL
from chalicelib.relay.console.lanes import Lane
from fintegrate.console.ages import seconds_since
from fintegrate.console.attention import Finding
from fintegrate.database import Row

KINDS = ("pending", "untried", "tried", "failed")
_OF_LANE = {
    "mass_refusal": ("pending", "not_open_seconds", "not_open_since"),
    "lane_blocked": ("pending", "not_open_seconds", "not_open_since"),
    "pending_too_long": ("pending", "oldest_pending_seconds", "oldest_pending_at"),
    "lane_failing": ("pending", "not_open_seconds", "not_open_since"),
    "lane_stopped": ("pending", "oldest_pending_seconds", "oldest_pending_at"),
    "deliveries_failed": ("failed_there", "oldest_failed_seconds", "oldest_failed_at"),
}
"""Condition → how many its sentence speaks of, their age, since when; what says most comes first."""
_OF_INTAKE = {
    "not_taken_in": ("intake", "oldest_intake_at"),
    "rows_unresolved": ("unresolved", "oldest_unresolved_at"),
    "rows_left_alone": ("foreign_rows", "oldest_foreign_at"),
}
WITHOUT_STREAM = "the intake"


class LaneNow(NamedTuple):
    """A lane, with the figures of what waits and what has failed."""

    lane: Lane
    figures: Row
    findings: list[Finding]


def lane_now(lane: Lane, row: Row, now: datetime) -> LaneNow:
    """Put together what is known of a lane, and which conditions it meets."""
    ages = {
        f"oldest_{kind}_seconds": seconds_since(row[f"oldest_{kind}_at"], now) for kind in KINDS
    }
    stopped = lane.paused or not lane.is_active
    is_mass = lane.state == "blocked" and lane.reason == MASS_REFUSAL
    figures = {
        **row,
        **ages,
        "refuses_everything": int(is_mass),
        "blocked": int(lane.state == "blocked" and not is_mass),
        "failing": int(lane.state == "failing"),
        "stopped_pending": row["pending"] if stopped else 0,
        "not_open_seconds": seconds_since(lane.since, now),
        "not_open_since": lane.since,
    }
    return LaneNow(lane, figures, list(_findings(lane, figures)))


def findings_of_intake(row: Row) -> Iterator[Finding]:
    """The conditions that rows of the order system meet."""
    figures: dict[str, Any] = {
        "oldest_intake_seconds": seconds_since(row["oldest_intake_at"], row["at"]),
        "unresolved": row["unresolved"],
        "foreign": row["foreign_rows"],
    }
    for name, (number, since) in _OF_INTAKE.items():
        condition = CONDITIONS[name]
        if condition.is_met(figures[condition.figure]):
            age = seconds_since(row[since], row["at"])
            yield Finding(condition, None, WITHOUT_STREAM, row[number], age, row[since])


def findings_of_ledger(report: Row | None, now: datetime) -> Iterator[Finding]:
    """The conditions that the last reconciliation meets, or that it meets by its age."""
    if report is None:
        return
    age, off = seconds_since(report["taken_at"], now), report["discrepancies"]
    for name, figure, number in (("not_balanced", off, off), ("not_reconciled", age, None)):
        if CONDITIONS[name].is_met(figure):
            yield Finding(CONDITIONS[name], None, "ledger", number, age, report["taken_at"])


def _findings(lane: Lane, figures: Row) -> Iterator[Finding]:
    for name, (number, age, since) in _OF_LANE.items():
        condition = CONDITIONS[name]
        if condition.is_met(figures[condition.figure]):
            stream = str(lane.lane_id)
            yield Finding(
                condition, stream, lane.name, figures[number], figures[age], figures[since]
            )
