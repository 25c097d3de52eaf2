"""The record of a bank that is called: each call when it arrives, and its answer when it is chosen.

Both are lines of one file, in the order in which they happened, so the record shows whether an event
came before the one before it was taken. A kill of the bank's server cannot hide a call.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from local.banking.consumer.messages import Event
from local.chaos.looking import rows

ASKED = """
SELECT event_id::text, deliver_try_count FROM customer_events WHERE deliver_try_count > 0
"""


class Moment(StrEnum):
    """What a line of the record says of a call."""

    ARRIVED = "arrived"
    TAKEN = "taken"
    """It is answered 2xx."""
    UNTAKEN = "untaken"
    """It is answered otherwise, or not at all."""
    FORGED = "forged"
    """Its signature, its time or its id is wrong."""


@dataclass(frozen=True, slots=True)
class Call:
    """One line. `at` is `time.time()`."""

    moment: Moment
    tenant: str
    event_id: str
    customer_id: str = ""
    sequence: int = 0
    epoch: int = 1
    name: str = ""
    at: float = 0.0

    @property
    def key(self) -> tuple[str, str, int]:
        """What the copies of one epoch have in common."""
        return self.tenant, self.event_id, self.epoch


def call_of(moment: Moment, tenant: str, event: Event, at: float) -> Call:
    """The line of an event."""
    place = event.customer_id, event.sequence, event.epoch
    return Call(moment, tenant, event.event_id, *place, event.name or "", at)


def write(path: Path, call: Call) -> None:
    with path.open("ab", buffering=0) as file:
        file.write(json.dumps(asdict(call)).encode() + b"\n")


def read(path: Path) -> list[Call]:
    """The record so far; empty if the bank was never called."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_call(json.loads(line)) for line in lines]


def arrivals(calls: Sequence[Call], asked: Mapping[str, int]) -> Iterator[tuple[Call, bool, int]]:
    """Each arrival, whether it is a try of what was not taken before, and its number among copies.

    Args:
        asked: how many copies of an event somebody asked for, by its id; they follow what was taken
    """
    seen, taken = set[tuple[str, str, int]](), set[tuple[str, str, int]]()
    copies = Counter[tuple[str, str, int]]()
    for call in calls:
        if call.moment is Moment.TAKEN:
            taken.add(call.key)
        if call.moment is not Moment.ARRIVED:
            continue
        is_try = call.key in seen and call.key not in taken
        number = 0
        if call.key in taken and copies[call.key] < asked.get(call.event_id, 0):
            copies[call.key] += 1
            number = copies[call.key]
        seen.add(call.key)
        yield call, is_try, number


def asked_for(database_url: str) -> dict[str, int]:
    """How often each event was sent again on purpose, by its row."""
    return {row["event_id"]: row["deliver_try_count"] for row in rows(database_url, ASKED)}


def by_customer(calls: Sequence[Call]) -> dict[tuple[str, str, int], list[Call]]:
    """The calls of each customer and epoch, in order."""
    found = defaultdict[tuple[str, str, int], list[Call]](list)
    for call in calls:
        found[call.tenant, call.customer_id, call.epoch].append(call)
    return found


def _call(facts: dict[str, Any]) -> Call:
    return Call(**{**facts, "moment": Moment(facts["moment"])})
