"""The gauges of events: of the whole system, per consumer, and of the last reconciliation.

They are read from the database, so every process shows the same values. A consumer without events in a
state shows 0, so that an alert can distinguish none from unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from chalicelib.banking.events.ledger import DISCREPANCIES, KINDS
from chalicelib.banking.events.reconcile import read_last
from fintegrate.bounded_rows import Together, bounded
from fintegrate.breaker import VALUES, State
from fintegrate.database import Database, Row
from fintegrate.metrics import GaugeFamily
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
STATES = (
    "pending",
    "waiting_behind",
    "failed",
    "undelivered",
    "delivery_failed",
    "dead_lettered",
)
AGED = tuple(state for state in STATES if state != "waiting_behind")
SYSTEM = {
    "fintegrate_events_pending": ("Events that wait to be published", ("pending",)),
    "fintegrate_events_held_back": (
        "Pending events that wait behind an earlier event of the same customer",
        ("waiting_behind",),
    ),
    "fintegrate_events_publish_failed": ("Events given up after the last try", ("failed",)),
    "fintegrate_events_undelivered": (
        "Events published and not yet confirmed by their consumer",
        ("undelivered",),
    ),
    "fintegrate_events_delivery_failed": (
        "Events whose consumer failed, or that ended as dead letters",
        ("delivery_failed", "dead_lettered"),
    ),
    "fintegrate_dead_letters_unmatched": (
        "Dead letters that belong to no known event: somebody has to look at them",
        ("unmatched_dead_letters",),
    ),
}
SYSTEM_AGES = {
    "fintegrate_events_pending_oldest_age_seconds": (
        "Age of the oldest event that waits to be published, 0 when none does",
        "oldest_pending",
    ),
    "fintegrate_events_undelivered_oldest_age_seconds": (
        "Age of the oldest event not yet confirmed by its consumer, 0 when none is",
        "oldest_undelivered",
    ),
}
_TOGETHER: Mapping[str, Together] = {
    "paused": max,
    "balanced": all,
    **{f"oldest_{state}": max for state in AGED},
}
"""How a column of those consumers becomes one value that have no name of their own; others are added."""


def gauges(db: Database, breaker: State, most: int) -> Iterator[GaugeFamily]:
    """The gauges of events for `/metrics`; `breaker` is the state of the process's circuit breaker.

    At most `most` consumers have a name: those with the most events that wait or failed.
    """
    yield GaugeFamily(
        "fintegrate_breaker_open",
        "State of the broker's circuit breaker: 0 closed, 0.5 half-open, 1 open",
        {(): VALUES[breaker]},
    )
    yield from event_gauges(read_gauges(db), most)
    yield from reconciliation_gauges(read_last(db), most)


def read_gauges(db: Database) -> list[Row]:
    """Waiting and failed events, one row per consumer; ages in seconds, 0 if there are none."""
    return db.fetch_all(SQL["read_gauges"], {}, revive=True)


def event_gauges(rows: Sequence[Row], most: int) -> Iterator[GaugeFamily]:
    """The families for these rows: the sums of all, then those of at most `most` consumers."""
    for name, (description, columns) in SYSTEM.items():
        total = sum(float(row[column]) for row in rows for column in columns)
        yield GaugeFamily(name, description, {(): total})
    for name, (description, column) in SYSTEM_AGES.items():
        yield GaugeFamily(name, description, {(): max(row[column] for row in rows)})
    yield from _of_consumers(
        bounded(rows, most, label="consumer", trouble=_unsettled, together=_TOGETHER)
    )


def _of_consumers(rows: Sequence[Row]) -> Iterator[GaugeFamily]:
    yield GaugeFamily(
        "fintegrate_consumer_events",
        "Events of a consumer in a state that asks for something to happen",
        {(row["consumer"], state): row[state] for row in rows for state in STATES},
        ("consumer", "state"),
    )
    yield GaugeFamily(
        "fintegrate_consumer_publishing_paused_seconds",
        "How long a consumer's queue has refused events, 0 when it does not",
        {(row["consumer"],): row["paused"] for row in rows},
        ("consumer",),
    )
    yield GaugeFamily(
        "fintegrate_consumer_oldest_event_age_seconds",
        "Age of a consumer's oldest event in a state, 0 when none is",
        {(row["consumer"], state): row[f"oldest_{state}"] for row in rows for state in AGED},
        ("consumer", "state"),
    )
    yield GaugeFamily(
        "fintegrate_consumer_dead_letters_unmatched",
        "Dead letters of a consumer that belong to no known event",
        {(row["consumer"],): row["unmatched_dead_letters"] for row in rows},
        ("consumer",),
    )


def _unsettled(row: Row) -> int:
    """How many events of a consumer, and dead letters without one, ask for something to happen."""
    return int(sum(row[state] for state in STATES) + row["unmatched_dead_letters"])


def reconciliation_gauges(report: Row | None, most: int) -> Iterator[GaugeFamily]:
    """The families of a reconciliation, with at most `most` consumers; empty before the first one."""
    if report is None:
        return
    ledgers = [_flat(tenant) for tenant in report["tenants"]]
    shown = bounded(ledgers, most, label="consumer", trouble=_discrepant, together=_TOGETHER)
    yield GaugeFamily(
        "fintegrate_reconcile_timestamp_seconds",
        "When the last scheduled reconciliation was taken",
        {(): datetime.fromisoformat(report["taken_at"]).timestamp()},
    )
    yield GaugeFamily(
        "fintegrate_reconcile_balanced",
        "Whether the consumer's ledger was balanced then",
        {(row["consumer"],): float(row["balanced"]) for row in shown},
        ("consumer",),
    )
    yield GaugeFamily(
        "fintegrate_reconcile_events",
        "The consumer's ledger then: events of each kind",
        {(row["consumer"], kind): row[kind] for row in shown for kind in KINDS},
        ("consumer", "kind"),
    )
    yield GaugeFamily(
        "fintegrate_reconcile_discrepancies",
        "What should not be in the consumer's ledger, and was then",
        {(row["consumer"], name): row[name] for row in shown for name in DISCREPANCIES},
        ("consumer", "discrepancy"),
    )


def _flat(tenant: Row) -> Row:
    """A tenant's ledger with its kinds and discrepancies side by side."""
    return {
        "consumer": tenant["consumer_name"] or tenant["consumer_id"],
        "balanced": tenant["balanced"],
        **{kind: tenant[kind] for kind in KINDS},
        **{name: tenant["discrepancies"][name] for name in DISCREPANCIES},
    }


def _discrepant(row: Row) -> int:
    """Those that are not balanced come first, the worst of them before the others."""
    return 0 if row["balanced"] else 1 + abs(sum(row[name] for name in DISCREPANCIES))
