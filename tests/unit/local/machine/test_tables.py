"""The tables of the commands are whole at 80 columns: no heading and no number is cut."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from local.banking.bench.artifact import run as bench_artifact
from local.banking.bench.measurements import BARS
from local.banking.bench.peers import run as bench_peers
from local.banking.bench.peers.contestants import alone
from local.banking.chaos.report import SHOWN
from local.banking.demo import summary
from local.banking.demo.api import Call
from local.banking.demo.ledger import EventFacts, Store
from local.bench.figures import show
from local.chaos import report
from local.machine.tables import print_table
from local.relay.chaos.report import SHOWN as SHOWN_OF_RELAY

HEADINGS = ["name of it", "out of order", "twice"]
ROWS = [["first one", "1,234,567", "0.12"], ["second", "8", "9"]]


def relay_chaos_table(console: Console) -> None:
    entry = dict.fromkeys(SHOWN_OF_RELAY, 12_345) | {"seed": 123_456, "lost": 8}
    summed = {"kill_points": 38, "kill_points_hit": 38, "kill_points_broken": 0}
    report.show(console, {**summed, "details": [{**entry, "findings": []}] * 2}, SHOWN_OF_RELAY)


def chaos_table(console: Console) -> None:
    entry = dict.fromkeys(SHOWN, 12_345) | {"seed": 123_456, "lost": 8}
    summed = {"kill_points": 62, "kill_points_hit": 62, "kill_points_broken": 0}
    report.show(console, {**summed, "details": [{**entry, "findings": []}] * 2}, SHOWN)


def bench_table(console: Console) -> None:
    show({**dict.fromkeys(BARS, 12_345.6), "drain_one_core_predicted_per_s": 1e7}, BARS, console)


def bench_artifact_table(console: Console) -> None:
    bench_artifact.show(dict.fromkeys(bench_artifact.BARS, 12_345.6), console)


def bench_peers_tables(console: Console) -> None:
    for each in alone("python"):
        counts = {"drained": 50_000, "offered": 50_000, "overtaken": 50_000, "repeated": 50_000}
        drain = {"name": each.name, "events_per_s": 12_345.6, "cpu_ms_per_event": 12.34, "lost": 9}
        bench_peers.show_drains("two instances at once", [{**drain, **counts}], console)
    create = {"create_ms": 12.34, "creates_per_s": 1234.5, "cpu_ms_per_create": 12.34}
    bench_peers.show_creates([{"name": "Fintegrate, as a function", **create}], console)


def demo_tables(console: Console) -> None:
    kinds = ("POST /customer/data (replayed)", "PATCH /customer/change-status")
    summary.print_calls(console, [Call(kind, 201, 123.4567) for kind in kinds] * 10_000)
    types = ("customer_creation", "customer_status_change", "customer_deletion")
    events = [EventFacts("", each, "published", "delivered", 123.4, 123.4) for each in types]
    summary.print_events(console, events * 10_000)
    summary.print_figures(console, events, Store({}, []), 1, 12.3)


def printed(print_it: Callable[[Console], None], width: int = 80) -> list[str]:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    print_it(console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(
    "print_it",
    [
        chaos_table,
        relay_chaos_table,
        bench_table,
        bench_artifact_table,
        bench_peers_tables,
        demo_tables,
    ],
)
def test_table_is_whole_at_80_columns(print_it: Callable[[Console], None]) -> None:
    lines = printed(print_it)
    words = {word for line in printed(print_it, width=300) for word in line.split()}

    assert not [line for line in lines if "…" in line]
    assert {word for line in lines for word in line.split()} >= {
        word for word in words if word[0].isalnum()
    }


def test_wide_terminal_gets_a_frame() -> None:
    lines = printed(lambda console: print_table(console, "Figures", HEADINGS, ROWS))

    assert any(line.startswith("│") for line in lines)
    assert any("out of order" in line for line in lines)


def test_narrower_terminal_breaks_headings() -> None:
    lines = printed(lambda console: print_table(console, "Figures", HEADINGS, ROWS), width=36)

    assert any(line.startswith("│") for line in lines)
    assert not any("out of order" in line for line in lines)


def test_narrow_terminal_gets_no_frame() -> None:
    lines = printed(lambda console: print_table(console, "Figures", HEADINGS, ROWS), width=30)

    assert not any("│" in line for line in lines)
    assert max(map(len, lines)) <= 30
