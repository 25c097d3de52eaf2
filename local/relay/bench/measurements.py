"""The relay's measurements by the names that `ONLY` takes, and their bars."""

from __future__ import annotations

from collections.abc import Mapping

from local.bench.figures import Bar
from local.bench.run import Suite

BARS: Mapping[str, Bar] = {
    "relay_ingest_vs_floor": Bar(at_least=0.35),
    "relay_ingest_lean_vs_floor": Bar(at_least=0.35),
    "relay_ingest_one_vs_floor": Bar(at_most=2.0),
    "relay_send_vs_raw": Bar(at_least=0.6),
    "relay_send_per_s": Bar(at_least=1_500),
    "relay_meta_vs_raw": Bar(at_least=0.5),
    "relay_live_at_first": Bar(at_least=0.5),
    "relay_live_after": Bar(at_least=0.9),
    "relay_nudge_over_post_p99_ms": Bar(at_most=150),
    "relay_inserted_most_s": Bar(at_most=65),
    "relay_growth": Bar(at_most=1.2),
    "relay_rss_growth_mb": Bar(at_most=20),
}
LONG = frozenset({"relay_inserted", "relay_growth"})
"""Minutes each; they run only when `ONLY` names them."""


def suite() -> Suite:
    """All of them."""
    from local.relay.bench import arrivals, batches, dead_lanes, growth, ingest, memory, sending
    from local.relay.bench.databases import RelayTemplate

    measurements = {
        "relay_ingest": ingest.batches,
        "relay_ingest_one": ingest.singles,
        "relay_send": sending.one_each,
        "relay_meta": batches.meta,
        "relay_nudge": arrivals.nudged,
        "relay_dead_lanes": dead_lanes.dead_lanes,
        "relay_memory": memory.memory,
        "relay_inserted": arrivals.inserted,
        "relay_growth": growth.growth,
    }
    return Suite(RelayTemplate, measurements, BARS, LONG)
