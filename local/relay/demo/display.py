"""The demo while it runs: a bar for each lane on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from local.relay.accounts import PLATFORMS
from local.relay.demo.book import LaneNow
from local.relay.demo.shops import SHOPS, Destination

_PLAIN_SECONDS = 2.0
_BAR = 10
_STYLES = {"open": "green", "waiting": "yellow", "failing": "red", "blocked": "magenta"}


class Display:
    """Shows the lanes as they change, and remarks between."""

    def __init__(self, console: Console, destinations: Sequence[Destination]) -> None:
        self._console = console
        self._destinations = {(d.platform, d.shop): d for d in destinations}
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._states: dict[int, str] = {}
        self._next_line = 0.0
        self._alone = Lock()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def remark(self, words: str) -> None:
        """Something worth saying."""
        with self._alone:
            self._console.print(words, highlight=False, markup=False, soft_wrap=True)

    def show(self, lanes: Mapping[int, LaneNow], *, last: bool = False) -> None:
        """Draw the lanes; off a terminal at most one line every two seconds, and the last one."""
        self._tell_changes(lanes)
        if self._console.is_terminal:
            self._live.update(self._bars(lanes), refresh=True)
        elif last or time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _PLAIN_SECONDS
            events = sum(lane.events for lane in lanes.values())
            ended = sum(lane.ended for lane in lanes.values())
            open_lanes = sum(lane.state == "open" for lane in lanes.values())
            self.remark(f"deliveries {ended}/{events}  open lanes {open_lanes}/{len(lanes)}")

    def _tell_changes(self, lanes: Mapping[int, LaneNow]) -> None:
        """A lane that changes its state says so, with the platform's words."""
        for (platform, shop), destination in self._destinations.items():
            lane = lanes.get(destination.lane_id)
            if lane is None or lane.state == self._states.get(destination.lane_id, "open"):
                continue
            self._states[destination.lane_id] = lane.state
            why = f": {lane.reason}" if lane.state != "open" and lane.reason else ""
            words = Text(f"  {platform} of {shop} is {lane.state}{why}")
            words.truncate(self._console.width, overflow="ellipsis")
            self.remark(words.plain)

    def _bars(self, lanes: Mapping[int, LaneNow]) -> Table:
        """A row for each platform, a column for each shop: at most 80 characters."""
        table = Table(box=None, pad_edge=False, padding=(0, 1))
        table.add_column("")
        for shop in SHOPS:
            table.add_column(shop, width=_BAR)
            table.add_column("", width=9, no_wrap=True)
        for platform in PLATFORMS:
            cells: list[Text | ProgressBar] = [Text(platform)]
            for shop in SHOPS:
                cells += _cells(lanes[self._destinations[platform, shop].lane_id])
            table.add_row(*cells)
        return table


def _cells(lane: LaneNow) -> list[Text | ProgressBar]:
    style = _STYLES[lane.state]
    bar = ProgressBar(
        total=max(lane.events, 1),
        completed=lane.ended,
        width=_BAR,
        complete_style=style,
        finished_style=style,
    )
    return [bar, Text(f"{lane.ended}/{lane.events}", style=style)]
