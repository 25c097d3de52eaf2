"""Measures how a backlog drains: the resend sweep against raw publishing of the same messages."""

from __future__ import annotations

from functools import partial

from chalicelib.banking.events.message import compose
from chalicelib.banking.events.resend import SQL as RESEND
from chalicelib.banking.events.resend import resend_filters
from chalicelib.banking.events.scope import Scope
from chalicelib.banking.wiring import Parts
from fintegrate.messaging.message import Message
from local.banking.bench.backlog import write_pending
from local.banking.bench.databases import BenchTemplate
from local.bench.figures import Figures
from local.bench.raw_publisher import RawPublisher, pikas_own
from local.bench.timing import median, seconds_of

EVENTS = 50_000
CUSTOMERS = 5_000
ROUNDS = 3


def drain(template: BenchTemplate) -> Figures:
    """Events per second, in turns: ours, ours without an order to keep, and raw."""
    ours, unordered, raw = [], [], []
    for _ in range(ROUNDS):
        with template.copy() as database:
            write_pending(database.database_url, database.tenants, CUSTOMERS, EVENTS // CUSTOMERS)
            messages = pending_messages(database.parts)
            with RawPublisher(database.rabbitmq_url) as publisher:
                raw.append(EVENTS / seconds_of(partial(publisher.publish, messages)))
            database.empty_queues()
            ours.append(EVENTS / seconds_to_drain(database.parts, EVENTS))
        with template.copy() as database:
            write_pending(database.database_url, database.tenants, EVENTS)
            unordered.append(EVENTS / seconds_to_drain(database.parts, EVENTS))
    return {
        "drain_per_s": median(ours),
        "drain_raw_per_s": median(raw),
        "drain_vs_raw": median(ours) / median(raw),
        "drain_unordered_per_s": median(unordered),
        "drain_ordered_vs_unordered": median(ours) / median(unordered),
    }


def seconds_to_drain(parts: Parts, events: int) -> float:
    """The time that the resend sweep takes for this many pending events.

    Raises:
        RuntimeError: a different number of events was published, so the measurement would be wrong.
    """
    filters = resend_filters(parts.settings, Scope())
    succeeded = 0

    def sweep() -> None:
        nonlocal succeeded
        succeeded = parts.resend.run(filters, 300).succeeded

    seconds = seconds_of(sweep)
    if succeeded != events:
        raise RuntimeError(f"{succeeded} of {events} events were published")
    return seconds


def pending_messages(parts: Parts) -> list[Message]:
    """The messages that the sweep is going to publish, composed."""
    filters = {
        **resend_filters(parts.settings, Scope()),
        **parts.resend.table.first_claim,
        "batch": EVENTS,
    }
    rows = parts.sweep_database.fetch_all(RESEND["claim"], filters)
    return [pikas_own(compose(row)) for row in rows]
