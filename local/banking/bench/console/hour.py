"""Measures an hour of Now, open while creates go on: what moves, what takes long, what is kept.

The page's clock runs faster: two seconds, a poll, its answer on the screen, the next two seconds. The
creates and the API's own clock do not run faster. The API gives an answer for a second, so a part of the
answers only is fresh; the page draws the ages anew with each.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from local.banking.bench.console.visitor import PageFailed, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

SECONDS = int(os.environ.get("BENCH_CONSOLE_PAGE_SECONDS", "3600"))
POLL_SECONDS, LEAST_SECONDS = 2, 0.25
"""How long a poll takes by the page's clock, and how long at least by the real one."""
SETTLED_SECONDS = 60
"""When the memory is measured first: what the page keeps of its beginning is there by then."""
COLLECTIONS = 3
MB = 1_000_000


class Memory(NamedTuple):
    """What the page keeps after a collection of its garbage."""

    heap: float
    nodes: float


class Hour(NamedTuple):
    """What happened while the page was open.

    Attributes:
        seconds: real ones
        cpu_ms: processor time of the page's thread for a poll, in the mean
        shifts: the first layout shifts, in words
    """

    seconds: float
    polls: int
    fresh: int
    cls: float
    shifts: list[str]
    long_tasks: int
    longest_ms: float
    cpu_ms: float
    begun: Memory
    ended: Memory


def hour(visitor: Visitor, seconds: int = SECONDS) -> Hour:
    """Leave Now open for so many seconds of the page's time, while somebody else creates customers."""
    with visitor.context() as context:
        page = context.new_page()
        page.clock.install()
        visitor.visit(page)
        session = context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.evaluate("() => probe.watch('/overview')")
        started = time.monotonic()
        parts = [_polls(page, SETTLED_SECONDS // POLL_SECONDS)]
        begun = _memory(session)
        _drop(page)
        busy = _metric(session, "TaskDuration")
        parts.append(_polls(page, (seconds - SETTLED_SECONDS) // POLL_SECONDS))
        busy = _metric(session, "TaskDuration") - busy
        real, ended = time.monotonic() - started, _memory(session)
    return Hour(
        real,
        sum(part["answers"] for part in parts),
        sum(part["fresh"] for part in parts),
        sum(part["shift"] for part in parts),
        [words for part in parts for words in part["shifts"]],
        sum(part["tasks"] for part in parts),
        max(part["longest"] for part in parts),
        busy * 1000 / max(1, parts[1]["answers"]),
        begun,
        ended,
    )


def _polls(page: Page, count: int) -> dict[str, Any]:
    """So many polls, one after the other; gives what was counted meanwhile.

    Raises:
        PageFailed: the API refused some
    """
    for number in range(1, count + 1):
        due = time.monotonic() + LEAST_SECONDS
        page.clock.run_for(POLL_SECONDS * 1000)
        page.evaluate("(count) => probe.drawn(count)", number)
        time.sleep(max(0.0, due - time.monotonic()))
    counted: dict[str, Any] = page.evaluate("() => probe.counted()")
    if counted["failed"]:
        raise PageFailed(f"{counted['failed']} of {count} polls were refused")
    return counted


def _drop(page: Page) -> None:
    """Forget what the measurement of the memory itself did."""
    page.wait_for_timeout(300)
    page.evaluate("() => probe.counted()")


def _memory(session: CDPSession) -> Memory:
    for _ in range(COLLECTIONS):
        session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"] / MB
    return Memory(heap, _metric(session, "Nodes"))


def _metric(session: CDPSession, name: str) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == name))
