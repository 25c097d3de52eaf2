"""The measurements of app.events by the names that `ONLY` takes, and their bars."""

from __future__ import annotations

from collections.abc import Mapping

from local.bench.figures import Bar
from local.bench.run import Suite

BARS: Mapping[str, Bar] = {
    "ingest_vs_floor": Bar(at_most=1.5),
    "ingest_batch_vs_floor": Bar(at_most=1.3),
    "ingest_outage_vs_up": Bar(at_most=1.0),
}


def suite() -> Suite:
    """All of them."""
    from local.appevents.bench import ingest
    from local.appevents.bench.databases import AppTemplate

    measurements = {
        "ingest": ingest.one,
        "ingest_batch": ingest.batch,
        "ingest_outage": ingest.outage,
    }
    return Suite(AppTemplate, measurements, BARS)
