"""The measurements of app.events by the names that `ONLY` takes, and their bars."""

from __future__ import annotations

from collections.abc import Mapping

from local.bench.figures import Bar
from local.bench.run import Suite

BARS: Mapping[str, Bar] = {
    "ingest_vs_floor": Bar(at_most=1.5),
    "ingest_batch_vs_floor": Bar(at_most=1.3),
    "ingest_outage_vs_up": Bar(at_most=1.0),
    "consume_vs_floor": Bar(at_least=0.6),
    "consume_poison_vs_clean": Bar(at_least=0.7),
    "hot_post": Bar(at_least=0.8),
    "flush_vs_fetch": Bar(at_least=0.5),
    "settle_p99_s": Bar(at_most=1.5),
    "feed_vs_floor": Bar(at_most=1.8),
    "feed_growth": Bar(at_most=1.2),
    "feed_depth": Bar(at_most=1.3),
    "thread_depth": Bar(at_most=1.3),
    "transcode_vs_ffmpeg": Bar(at_most=1.3),
}


def suite() -> Suite:
    """All of them."""
    from local.appevents.bench import consume, feed, flush, ingest, settle, thread, transcode
    from local.appevents.bench.databases import AppTemplate

    measurements = {
        "ingest": ingest.one,
        "ingest_batch": ingest.batch,
        "ingest_outage": ingest.outage,
        "consume": consume.consume,
        "consume_poison": consume.poison,
        "hot_post": consume.hot_post,
        "flush": flush.flush,
        "settle": settle.settle,
        "feed": feed.feed,
        "thread": thread.thread,
        "transcode": transcode.transcode,
    }
    return Suite(AppTemplate, measurements, BARS)
