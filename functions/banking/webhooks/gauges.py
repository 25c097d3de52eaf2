"""The gauges of banks that are called: how their servers do."""

from __future__ import annotations

from collections.abc import Iterator

from fintegrate.bounded_rows import bounded
from fintegrate.database import Database, Row
from fintegrate.metrics import GaugeFamily
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
STATES = ("open", "waiting", "failing", "blocked")


def not_open(db: Database) -> dict[str, float]:
    """The banks whose server is not called freely, and for how many seconds it has not been."""
    read = db.fetch_all(SQL["read_lanes"], {})
    return {row["consumer"]: row["not_open_seconds"] for row in read if row["not_open_seconds"]}


def webhook_gauges(db: Database, most: int) -> Iterator[GaugeFamily]:
    """The families, with at most `most` banks by name: those whose servers are away the longest."""
    read = db.fetch_all(SQL["read_lanes"], {})
    counted = [{**row, **{state: int(row["state"] == state) for state in STATES}} for row in read]
    for row in counted:
        del row["state"]
    shown = bounded(
        counted, most, label="consumer", trouble=_trouble, together={"not_open_seconds": max}
    )
    yield GaugeFamily(
        "fintegrate_webhook_lane_state",
        "1 for the state that a bank's server is in, of the banks that are called",
        {(row["consumer"], state): float(row[state]) for row in shown for state in STATES},
        ("consumer", "state"),
    )
    yield GaugeFamily(
        "fintegrate_webhook_not_open_seconds",
        "How long a bank's server has not been called freely, 0 when it is",
        {(row["consumer"],): row["not_open_seconds"] for row in shown},
        ("consumer",),
    )
    yield GaugeFamily(
        "fintegrate_webhook_refused_customers",
        "Customers who stand still behind an event that the bank's server refuses",
        {(row["consumer"],): float(row["refused"]) for row in shown},
        ("consumer",),
    )
    yield GaugeFamily(
        "fintegrate_webhook_in_flight",
        "Calls of a bank that are under way",
        {(row["consumer"],): float(row["in_flight"]) for row in shown},
        ("consumer",),
    )


def _trouble(row: Row) -> float:
    return float(row["not_open_seconds"])
