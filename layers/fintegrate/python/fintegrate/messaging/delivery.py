"""A message that a queue's function takes: what it says, and how it may end."""

from __future__ import annotations

from enum import Enum
from typing import Any, Generic, NamedTuple, TypeVar

from fintegrate.messaging.queue_function import QueueMessage

E = TypeVar("E")


class NotSettled(Exception):
    """The broker did not take copies of messages, so the whole batch must come back."""


class Rejected(Exception):
    """A message can never succeed; `code` is for programs and stays the same, `reason` is a sentence.

    `delivery` is what could be read of it. Without one there is a dead letter, and no rejection of an
    event.
    """

    def __init__(self, code: str, reason: str, delivery: Delivery[Any] | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.delivery = delivery


class NotYet(Exception):
    """A message may succeed later, such as one whose predecessor has not come; as `Rejected`."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Outage(Exception):
    """A server that the message needs is away. It says nothing about the message."""


class Delivery(NamedTuple, Generic[E]):
    """What a message says. `owner` and `id` are its key."""

    owner: str
    id: str
    kind: str
    event: E
    message: QueueMessage


class Step(Enum):
    """How a message ends in its batch; the values are the names in the summary."""

    APPLIED = "applied"
    SEEN = "seen"
    DEAD = "dead"
    LATER = "later"
    OUTAGE = "outage"
    BACK = "back"


class Ended(NamedTuple):
    """The end of a message in its batch."""

    step: Step
    code: str = ""
    reason: str = ""
    delivery: Delivery[Any] | None = None
    """None if nothing could be read of it."""


class Passage(NamedTuple):
    """A message and its end in its batch, for the log."""

    message: QueueMessage
    ended: Ended
    seconds: float
    """How long the service worked on it; 0 if it did not begin."""
    is_settled: bool
    """False: its batch comes back."""
