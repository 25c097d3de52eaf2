"""Measures how long an event takes from its 202 to an outcome that its user can read.

The functions of the queues run in a process of their own, fed as in AWS: a batch ends when it is full,
or half a second after its first message. An event passes two of these windows.
"""

from __future__ import annotations

import threading
import time

from local.appevents.bench.databases import AppTemplate
from local.appevents.bench.user import EVENTS, STATUS, User, note
from local.bench.event_sources import event_sources
from local.bench.figures import Figures
from local.bench.percentiles import p50_p99
from local.bench.timing import on_schedule

PER_SECOND, SECONDS = 20, 20
WINDOW_SECONDS = 0.5
LOOK_SECONDS, PATIENCE_SECONDS = 0.05, 30
MOST = 100
"""Events in one question."""


def settle(template: AppTemplate) -> Figures:
    """20 events a second by one user, who asks for the outcomes 20 times a second."""
    with template.copy() as databases, event_sources(window_seconds=WINDOW_SECONDS):
        user = User(databases.environment)
        watch = _Watch(user)
        for _ in range(10):  # opens what is kept
            watch.tell()
        watch.wait()
        watch.taken.clear()
        on_schedule(watch.tell, PER_SECOND, SECONDS)
        watch.wait()
    p50, p99 = p50_p99(watch.taken)
    return {"settle_p50_s": p50, "settle_p99_s": p99}


class _Watch:
    """Tells events, and looks in a thread for their outcomes."""

    def __init__(self, user: User) -> None:
        self.taken: list[float] = []
        """Seconds from the answer to the readable outcome."""
        self._user = user
        self._answered: dict[str, float] = {}
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def tell(self) -> None:
        event = note()
        self._user.call("POST", EVENTS, event)
        self._answered[event["client_generated_id"]] = time.monotonic()

    def wait(self) -> None:
        """Until every event has its outcome.

        Raises:
            RuntimeError: one has none.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._answered:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{len(self._answered)} events have no outcome")
            time.sleep(LOOK_SECONDS)

    def _look(self) -> None:
        while True:
            if asked := list(self._answered)[:MOST]:
                states = self._user.call("POST", STATUS, {"ids": asked})["events"]
                now = time.monotonic()
                for state in states:
                    if state["outcome"] is not None:
                        at = self._answered.pop(state["client_generated_id"])
                        self.taken.append(now - at)
            time.sleep(LOOK_SECONDS)
