"""The closing table: each lane beside its account at the platform."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from local.relay.demo.ledger import LaneBalance

_HEADINGS = ("events", "delivered", "skipped", "failed", "pending", "counted", "copies")


def print_lanes(console: Console, lanes: Sequence[LaneBalance]) -> None:
    """Deliveries by status on the left of what the platform counted; at most 80 characters."""
    table = Table(
        title="What became of the events, and what the platforms counted",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        collapse_padding=True,
        show_footer=True,
    )
    rows = [_numbers(lane) for lane in lanes]
    sums = [sum(column) for column in zip(*rows, strict=True)]
    table.add_column("lane", footer="all", no_wrap=True)
    for heading, total in zip(_HEADINGS, sums, strict=True):
        table.add_column(heading, footer=str(total), justify="right", no_wrap=True)
    for lane, numbers in zip(lanes, rows, strict=True):
        name = f"{lane.destination.shop} {lane.destination.platform}"
        table.add_row(name, *(str(number) for number in numbers))
    console.print()
    console.print(table)


def _numbers(lane: LaneBalance) -> list[int]:
    states = lane.states
    left = states["failed"] + states["expired"]
    return [
        *(lane.events, states["delivered"], states["skipped"], left, states["pending"]),
        *(lane.counted, lane.copies),
    ]
