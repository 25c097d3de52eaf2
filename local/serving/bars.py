"""A demo while it runs: bars on a terminal, a plain line now and then elsewhere, and remarks between."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import NamedTuple, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

_PLAIN_SECONDS = 2.0
_BAR = 40


class Progressed(NamedTuple):
    """How far something is."""

    done: int
    of: int


class Bars:
    """A bar for each of these names."""

    def __init__(self, console: Console, names: Iterable[str]) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description}", justify="right"),
            BarColumn(_BAR),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks = {name: self._bars.add_task(name, total=None) for name in names}
        self._next_line = 0.0
        self._last_remark = ""
        self._alone = Lock()

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def remark(self, words: str) -> None:
        """Something worth saying; said once when it is the same again. Threads may say it."""
        with self._alone:
            if words != self._last_remark:
                self._last_remark = words
                self._print(words)

    def _print(self, words: str) -> None:
        self._console.print(words, highlight=False, markup=False, soft_wrap=True)

    def show(self, now: Mapping[str, Progressed], *, last: bool = False) -> None:
        """Draw `now`; off a terminal at most one line every two seconds, and the last one."""
        if self._console.is_terminal:
            for name, (done, of) in now.items():
                self._bars.update(self._tasks[name], completed=done, total=of or None)
        elif last or time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _PLAIN_SECONDS
            with self._alone:
                self._print("  ".join(f"{name} {done}/{of}" for name, (done, of) in now.items()))
