"""Events that came before their turn, held unacknowledged until the gap before them closes.

The wait is bounded twice. In time: the missing event may have expired or gone to the dead
letters. In number: what is held is unacknowledged and counts against the prefetch; were it all
held, the broker could never deliver the missing event.

Left to others: what is in order (`inbox`), and what happens to an event that is let go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from local.banking.consumer.messages import Event, Position


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as the broker handed it out: `tag` is its name on this channel."""

    tag: int
    event: Event
    received_at: datetime


@dataclass(frozen=True, slots=True)
class _Held:
    delivery: Delivery
    deadline: float


class GapBuffer:
    """The held deliveries of one channel, in the order of their arrival.

    `clock` gives seconds and never goes back.
    """

    def __init__(self, clock: Callable[[], float], wait_seconds: float, capacity: int) -> None:
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._capacity = capacity
        self._held: list[_Held] = []
        self._deadlines: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, delivery: Delivery) -> None:
        """Keep `delivery` back. An event that was held before keeps its first deadline."""
        deadline = self._deadlines.setdefault(
            delivery.event.event_id, self._clock() + self._wait_seconds
        )
        self._held.append(_Held(delivery, deadline))

    def take_due(self, customer_id: str, last: Position) -> Delivery | None:
        """Let go one delivery of this customer that no longer comes too early."""
        early = self._earliest_of(customer_id)
        if early is None or early.delivery.event.position.is_early(last):
            return None
        return self._let_go(early)

    def take_overdue(self) -> Delivery | None:
        """Let go one delivery that waited long enough, or that there is no room for.

        It is the earliest of its customer: letting a later one past would lose the earlier.
        """
        if not self._held:
            return None
        first = min(self._held, key=lambda held: held.deadline)
        if len(self._held) <= self._capacity and self._clock() < first.deadline:
            return None
        early = self._earliest_of(first.delivery.event.customer_id)
        return self._let_go(early or first)

    def forget_deliveries(self) -> None:
        """The channel is gone, and its tags with it: the broker will deliver these again.

        Deadlines stay, save those of events that did not come again for a whole wait.
        """
        self._held.clear()
        oldest = self._clock() - self._wait_seconds
        self._deadlines = {each: end for each, end in self._deadlines.items() if end > oldest}

    def _earliest_of(self, customer_id: str) -> _Held | None:
        of_customer = (h for h in self._held if h.delivery.event.customer_id == customer_id)
        return min(of_customer, key=lambda h: h.delivery.event.position, default=None)

    def _let_go(self, held: _Held) -> Delivery:
        self._held.remove(held)
        self._deadlines.pop(held.delivery.event.event_id, None)
        return held.delivery
