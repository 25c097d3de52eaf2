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
    "console_all_files_kb": Bar(at_most=60),
    "console_page_kb": Bar(at_most=2),
    "console_now_first_visit_ms": Bar(at_most=1_000),
    "console_now_cached_ms": Bar(at_most=400),
    "console_view_to_view_ms": Bar(at_most=200),
    "console_open_event_ms": Bar(at_most=150),
    "console_key_to_effect_ms": Bar(at_most=50),
    "console_hour_cls": Bar(at_most=0),
    "console_hour_long_tasks": Bar(at_most=0),
    "console_hour_heap_growth_mb": Bar(at_most=5),
}
