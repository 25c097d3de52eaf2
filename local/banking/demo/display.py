"""The demo while it runs: three bars on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

_PLAIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far the demo is: counts of events, and of customers whose story ended."""

    customers: int
    finished: int
    committed: int
    published: int
    confirmed: int


class Display:
    """Shows `Progressed` as it changes, and remarks between."""

    def __init__(self, console: Console, customers: int) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description}", justify="right"),
            BarColumn(40),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._customers = self._bars.add_task("customers", total=customers)
        self._published = self._bars.add_task("events published", total=None)
        self._confirmed = self._bars.add_task("events confirmed", total=None)
        self._next_line = 0.0
        self._last_remark = ""

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def remark(self, words: str) -> None:
        """Something worth saying; said once when it is the same again."""
        if words != self._last_remark:
            self._last_remark = words
            self._print(words)

    def _print(self, words: str) -> None:
        self._console.print(words, highlight=False, markup=False, soft_wrap=True)

    def show(self, now: Progressed, *, last: bool = False) -> None:
        """Draw `now`; off a terminal at most one line every two seconds, and the last one."""
        if not self._console.is_terminal:
            self._show_plainly(now, last=last)
            return
        self._bars.update(self._customers, completed=now.finished)
        self._bars.update(self._published, completed=now.published, total=now.committed)
        self._bars.update(self._confirmed, completed=now.confirmed, total=now.committed)

    def _show_plainly(self, now: Progressed, *, last: bool) -> None:
        if not last and time.monotonic() < self._next_line:
            return
        self._next_line = time.monotonic() + _PLAIN_SECONDS
        self._print(
            f"customers {now.finished}/{now.customers}"
            f"  events committed {now.committed}"
            f"  published {now.published}  confirmed {now.confirmed}"
        )
