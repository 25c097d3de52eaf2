"""Banking's measurements by the names that `ONLY` takes, their bars and plots."""

from __future__ import annotations

from collections.abc import Mapping

from local.bench.figures import Bar
from local.bench.run import Suite

BARS: Mapping[str, Bar] = {
    "create_vs_floor": Bar(at_most=1.5),
    "bcrypt_runs_of_a_verified_key": Bar(at_most=0),
    "auth_ms": Bar(at_most=1.0),
    "outage_create_vs_up": Bar(at_most=1.0),
    "drain_per_s": Bar(at_least=10_000),
    "drain_vs_raw": Bar(at_least=0.45),
    "drain_ordered_vs_unordered": Bar(at_least=0.8),
    "drain_growth": Bar(at_most=1.2),
    "resend_rss_growth_mb": Bar(at_most=20),
    "confirm_vs_raw": Bar(at_least=0.6),
    "notify_p50_ms": Bar(at_most=5),
    "notify_p99_ms": Bar(at_most=25),
    "replay_10000_s": Bar(at_least=20, at_most=22),
    "replay_create_vs_without_p99": Bar(at_most=1.2),
    "webhook_over_post_p99_ms": Bar(at_most=150),
    "webhook_backlog_vs_raw": Bar(at_least=0.6),
    "webhook_beside_vs_alone": Bar(at_least=0.9),
    "archive_create_vs_without_p99": Bar(at_most=1.2),
}
LONG = frozenset({"archive"})
"""Minutes each; they run only when `ONLY` names them."""


def suite() -> Suite:
    """All of them. The one that fills the disk is last, so that its writes disturb no other."""
    from local.banking.bench import (
        archives,
        confirmations,
        creates,
        drains,
        erasures,
        growth,
        memory,
        model,
        notices,
        replays,
        webhook_backlogs,
        webhook_latency,
    )
    from local.banking.bench.databases import BenchTemplate
    from local.banking.bench.plots import draw

    measurements = {
        "create": creates.create,
        "auth": creates.authentication,
        "outage": creates.outage,
        "confirm": confirmations.confirm,
        "notify": notices.notify,
        "drain": drains.drain,
        "replay": replays.replay,
        "webhook_latency": webhook_latency.webhook_latency,
        "webhook_backlog": webhook_backlogs.webhook_backlog,
        "webhook_beside": webhook_backlogs.webhook_beside,
        "erase": erasures.erase,
        "archive": archives.archive,
        "model": model.model,
        "memory": memory.memory,
        "growth": growth.growth,
    }
    return Suite(BenchTemplate, measurements, BARS, LONG, draw=draw)
