"""The timeline of one event: its steps in order, and how long each side held it.

Knows no table. A system makes the steps from its rows and says when the event passed from one side to
the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from typing_extensions import TypedDict

from fintegrate.http.validation import Described

_MILLISECOND = timedelta(milliseconds=1)


class Step(TypedDict):
    """One step. `by`: who made it; null if that is not known. `words`: for people."""

    at: datetime
    step: Annotated[str, Described("What happened", "publish_attempt")]
    by: Annotated[str | None, Described("A request, a schedule, a job, the bank", "request")]
    outcome: Annotated[str, Described("How it ended", "nacked")]
    words: Annotated[
        str | None, Described("The broker's, the bank's or the operator's", "queue full")
    ]


class Durations(TypedDict):
    """How long each side held the event, in milliseconds; the four add up to the total.

    What is not finished grows, and what has failed has ended.
    """

    ours_ms: Annotated[int, Described("In the request and in the outbox", 12)]
    held_back_ms: Annotated[int, Described("Behind an earlier event of its customer", 0)]
    queue_ms: Annotated[int, Described("In the queue", 40)]
    bank_ms: Annotated[int, Described("With the receiver, until its last word", 180)]
    total_ms: Annotated[int, Described("All of it", 232)]


class Passage(NamedTuple):
    """When an event passed from one side to the next; None: not yet, or never."""

    begun: datetime
    held_from: datetime | None = None
    held_until: datetime | None = None
    sent: datetime | None = None
    received: datetime | None = None
    ended: datetime | None = None


def in_order(steps: Iterable[Step], names: Iterable[str]) -> list[Step]:
    """The steps by time; those of one time by the order of their names."""
    place = {name: number for number, name in enumerate(names)}
    return sorted(steps, key=lambda step: (step["at"], place[step["step"]]))


def durations(passage: Passage, now: datetime) -> Durations:
    """Split the time from its beginning to its end, or to `now`, among the sides.

    Times may be of several clocks and in any order: each counts from the one before on, up to the end.
    """
    end = max(passage.begun, passage.ended or now)

    def until(at: datetime | None, earliest: datetime) -> datetime:
        return end if at is None else min(max(at, earliest), end)

    sent = until(passage.sent, passage.begun)
    received = until(passage.received, sent)
    held_from = min(max(passage.held_from or sent, passage.begun), sent)
    held_until = min(max(passage.held_until or sent, held_from), sent)

    def passed(at: datetime) -> int:
        return (at - passage.begun) // _MILLISECOND

    held_back = passed(held_until) - passed(held_from)
    return {
        "ours_ms": passed(sent) - held_back,
        "held_back_ms": held_back,
        "queue_ms": passed(received) - passed(sent),
        "bank_ms": passed(end) - passed(received),
        "total_ms": passed(end),
    }
