"""Judges the messages in the queues: was any overtaken, duplicated or lost?

Pure functions. A message counts where it is first seen, so a repeat overtakes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement. `overtaken` events first came after a later event of their customer."""

    messages: int
    distinct: int
    overtaken: int

    @property
    def repeated(self) -> int:
        """The number of messages that had been seen before."""
        return self.messages - self.distinct


def judge(queues: Iterable[Iterable[tuple[str, int]]]) -> Verdict:
    """Judge the (customer id, sequence) pairs of each queue, first to last."""
    messages = overtaken = 0
    seen: set[tuple[str, int]] = set()
    newest: dict[str, int] = {}
    for queue in queues:
        for customer, sequence in queue:
            messages += 1
            if (customer, sequence) in seen:
                continue
            seen.add((customer, sequence))
            overtaken += sequence < newest.get(customer, 0)
            newest[customer] = max(sequence, newest.get(customer, 0))
    return Verdict(messages, len(seen), overtaken)
