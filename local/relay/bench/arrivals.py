"""Measures how long an event takes to its receiver: from a request's commit, and from an inserted row.

The functions that deliver run in a process of their own, which feeds them as `make local` does: from the
queue of nudges, and by the schedules.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from chalicelib.relay import wiring
from fintegrate.messaging.message import Message
from fintegrate.messaging.publisher import Posted, Publisher
from fintegrate.outcome import Outcome, Result
from local.bench.bare_posts import milliseconds_each
from local.bench.event_sources import event_sources
from local.bench.figures import Figures
from local.bench.percentiles import p50_p99
from local.bench.timing import on_schedule
from local.relay.bench.api import ingested
from local.relay.bench.databases import RelayDatabase, RelayTemplate
from local.relay.bench.items import item
from local.relay.bench.sending import BODY

PER_SECOND, SECONDS = 100, 10
SCHEDULES = "relay_*"
CODE = "bench"
PATH = "/after/0/hook"
INSERTED, PAUSE_SECONDS = 20, 3.2
"""Over a little more than a minute, so that rows meet the schedule at every moment."""
INSERT = """
INSERT INTO marketing_events (event_id, storefront_code, event_type, event_payload, source_system,
                              status)
VALUES (%(order_id)s, %(code)s, 'purchase_completed', %(payload)s, 'oms', 'pending')
RETURNING id
"""


def nudged(template: RelayTemplate) -> Figures:
    """From the commit of an event to its arrival, at 100 events a second; and a bare POST's time."""
    with template.copy() as database:
        database.webhook(database.shop(CODE), database.receiver.url(PATH))
        with _noted_commits(database) as noted, event_sources(SCHEDULES):
            for _ in range(5):  # declares the queue, opens what is kept
                _wait(database, ingested([item(CODE)]))
            noted.clear()
            events: list[int] = []
            on_schedule(lambda: events.extend(ingested([item(CODE)])), PER_SECOND, SECONDS)
            arrived = _wait(database, events)
        bare = _bare(database)
    since = [1000 * (arrived[event] - at) for event, at in zip(events, noted.at, strict=True)]
    (p50, p99), (bare_p50, bare_p99) = p50_p99(since), p50_p99(bare)
    return {
        "relay_nudge_p50_ms": p50,
        "relay_nudge_p99_ms": p99,
        "relay_post_p50_ms": bare_p50,
        "relay_post_p99_ms": bare_p99,
        "relay_nudge_over_post_p99_ms": p99 - bare_p99,
        "relay_nudges_lost": float(noted.lost),
    }


def inserted(template: RelayTemplate) -> Figures:
    """The longest time from a row's insert to its arrival, by the schedules."""
    since: dict[int, float] = {}
    with template.copy() as database:
        database.webhook(database.shop(CODE), database.receiver.url(PATH))
        with event_sources(SCHEDULES):
            for _ in range(INSERTED):
                began = time.monotonic()
                ((event,),) = database.rows(INSERT, **_row())
                since[event] = began
                time.sleep(PAUSE_SECONDS)
            arrived = _wait(database, list(since))
    waited = [arrived[event] - at for event, at in since.items()]
    return {"relay_inserted_p50_s": p50_p99(waited)[0], "relay_inserted_most_s": max(waited)}


def _row() -> dict[str, Any]:
    sent = item(CODE)
    payload = {
        name: value for name, value in sent.items() if name not in ("storefront_id", "event_name")
    }
    return {"order_id": sent["order_id"], "code": CODE, "payload": json.dumps(payload)}


def _bare(database: RelayDatabase) -> list[float]:
    """Milliseconds of a request by itself, at the same rate."""
    return milliseconds_each(database.receiver.port, PATH, PER_SECOND, SECONDS, BODY)


class _Noting:
    """The publisher of nudges; it notes when it is asked, which is just after the commit."""

    def __init__(self, publisher: Publisher) -> None:
        self.at: list[float] = []
        self.lost = 0
        """The schedule finds what these were for."""
        self._publisher = publisher

    def clear(self) -> None:
        self.at.clear()
        self.lost = 0

    def publish(self, messages: Sequence[Message], seconds: float) -> list[Outcome]:
        return self._publisher.publish(messages, seconds)

    def post(self, message: Message, seconds: float) -> Posted:
        self.at.append(time.monotonic())
        posted = self._publisher.post(message, seconds)
        known = [outcome for outcome in posted if outcome is not None]
        self.lost += sum(outcome.result is not Result.CONFIRMED for outcome in known)
        return posted


@contextmanager
def _noted_commits(database: RelayDatabase) -> Iterator[_Noting]:
    noting = _Noting(database.parts.publisher)
    publisher: Any = noting
    wiring.use(database.parts._replace(publisher=publisher))
    try:
        yield noting
    finally:
        wiring.use(database.parts)


def _wait(database: RelayDatabase, events: Sequence[int]) -> dict[int, float]:
    """When each arrived, once all have."""
    return database.receiver.arrivals(events, lambda message_id: int(message_id.split("_")[1]))
