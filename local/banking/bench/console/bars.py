"""What each figure of the console must reach."""

from __future__ import annotations

from collections.abc import Mapping

from local.bench.figures import Bar

LISTS = (
    "events_list",
    "audit_list",
    "dead_letters_list",
    "replay_list",
    "customer_list",
    "consumer_list",
)
BARS_MS: Mapping[str, float] = {
    "overview": 60,
    "overview_304": 60,
    **dict.fromkeys(LISTS, 30),
    "payload": 30,
    "tail": 30,
    "total": 150,
    "dry_run": 3_000,
    "search": 20,
    "lane": 20,
    "failures": 100,
    "series_24h": 30,
}
"""What each request of a kind must reach at p95."""
BARS: Mapping[str, Bar] = {
    **{f"console_{kind}_slowest_p95_ms": Bar(at_most=ms) for kind, ms in BARS_MS.items()},
    "console_overview_304_bytes": Bar(at_most=0),
    "console_script_style_kb": Bar(at_most=45),
    "console_page_kb": Bar(at_most=2),
}
