"""The queues around a queue whose function settles its messages: those that wait, and the dead letters.

A message expires only at the head of its queue, so each time to wait has a queue of its own. When its
time is over the message goes back through the default exchange. A full queue refuses what is published,
so nothing is dropped on the way. What a consumer drops, or what was delivered too often, goes to the
dead letters, at least once.
Source: https://www.rabbitmq.com/docs/quorum-queues (at-least-once dead-lettering, delivery limits)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from fintegrate.messaging.topology import Queue

DELIVERY_LIMIT = 20


class WaitingQueues(NamedTuple):
    """Names of the queues of a queue called `name`.

    `waits` are the seconds before the first retry, the second, and so on. During an outage messages
    wait in the third one, or the last.
    """

    name: str
    waits: Sequence[float]
    kind: str = "quorum"

    @property
    def dead_letters(self) -> str:
        return f"{self.name}.dlq"

    def waiting(self, attempt: int) -> str:
        """The queue before this retry; the first one is 1."""
        return f"{self.name}.retry.{attempt}"

    @property
    def during_outages(self) -> str:
        return self.waiting(min(3, len(self.waits)))

    def queues(self, routing_keys: Sequence[str]) -> list[Queue]:
        """All of them; these routing keys lead to the first."""
        bounded = {"x-queue-type": self.kind, "x-overflow": "reject-publish"}
        back: dict[str, Any] = {"x-dead-letter-exchange": ""}
        if self.kind == "quorum":
            back["x-dead-letter-strategy"] = "at-least-once"
        own = {**bounded, **back, "x-dead-letter-routing-key": self.dead_letters}
        if self.kind == "quorum":
            own["x-delivery-limit"] = DELIVERY_LIMIT
        waiting = [
            Queue(
                self.waiting(attempt),
                [],
                {
                    **bounded,
                    **back,
                    "x-dead-letter-routing-key": self.name,
                    "x-message-ttl": max(1, round(seconds * 1000)),
                },
            )
            for attempt, seconds in enumerate(self.waits, start=1)
        ]
        # The dead letters first: who comes to declare them later loses what dies until then.
        return [
            Queue(self.dead_letters, [], dict(bounded)),
            *waiting,
            Queue(self.name, routing_keys, own),
        ]
