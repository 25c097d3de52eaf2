"""Measures how long an event takes from a request's commit to the server of a bank that is called."""

from __future__ import annotations

import time

from fintegrate.database import Row
from local.banking.bench.called_banks import Calling, calling
from local.banking.bench.creates import creating
from local.banking.bench.databases import BenchTemplate
from local.banking.bench.notices import publishing
from local.bench.bare_posts import milliseconds_each
from local.bench.event_sources import event_sources
from local.bench.figures import Figures
from local.bench.percentiles import p50_p99
from local.bench.sizes import size
from local.bench.timing import on_schedule

PER_SECOND, SECONDS = 100, 10
PATH = "/after/0/processed"


def webhook_latency(template: BenchTemplate) -> Figures:
    """From the commit of an event to its arrival, at 100 creates a second; and a bare POST's time."""
    seconds = size("BENCH_WEBHOOK_SECONDS", SECONDS)
    with calling(template) as bench:
        body = bench.body()
        bench.call(bench.database.tenants[0], PATH)
        ours = _since_commit(bench, seconds)
        bare = milliseconds_each(bench.receiver.port, PATH, PER_SECOND, seconds, body)
    (p50, p99), (bare_p50, bare_p99) = p50_p99(ours), p50_p99(bare)
    return {
        "webhook_p50_ms": p50,
        "webhook_p99_ms": p99,
        "webhook_post_p50_ms": bare_p50,
        "webhook_post_p99_ms": bare_p99,
        "webhook_over_post_p99_ms": p99 - bare_p99,
    }


def _since_commit(bench: Calling, seconds: float) -> list[float]:
    """The milliseconds of each event. The commit is when the handler knows of it."""
    parts, committed = bench.database.parts, dict[str, float]()
    publish_new = parts.request.publish_new
    assert publish_new is not None

    def noted(event: Row, written_after: float) -> None:
        committed[str(event["event_id"])] = time.monotonic()
        publish_new(event, written_after)

    create = creating(bench.database.tenants[0])
    with event_sources("deliver_webhooks"), publishing(parts, noted):
        for _ in range(5):  # declares the queue, opens what is kept
            create()
            bench.receiver.arrivals(committed, str)
        committed.clear()
        on_schedule(create, PER_SECOND, seconds)
        arrived = bench.receiver.arrivals(committed, str)
    return [1000 * (arrived[event_id] - at) for event_id, at in committed.items()]
