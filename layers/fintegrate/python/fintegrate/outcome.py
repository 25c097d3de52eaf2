"""The outcome of sending a row or message, for senders of every kind."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Result(Enum):
    """How an attempt to send ended."""

    CONFIRMED = "confirmed"
    """The receiver confirmed that it has the message."""
    REFUSED = "refused"
    """The receiver refused this message for itself: it does not want it."""
    NACKED = "nacked"
    """The receiver refused and gave no reason: its queue is full, or it could not store the message now.
    Any other message would have been refused as well, so no try is spent."""
    UNROUTABLE = "unroutable"
    """There is no such receiver: no queue is bound, or the exchange does not exist."""
    UNCONFIRMED = "unconfirmed"
    """Sent, but the connection broke or the time ran out: it may have arrived."""
    HELD_BACK = "held_back"
    """Not sent, because an earlier message with the same key failed."""
    UNSENT = "unsent"
    """Not sent, because the receiver is away."""


ATTEMPTED = frozenset({Result.CONFIRMED, Result.REFUSED, Result.UNROUTABLE, Result.UNCONFIRMED})
"""The results of messages that were really sent. What spends a try is the sender's rule: a sweep counts
no `UNCONFIRMED`, because silence says nothing about the message."""


class Outcome(NamedTuple):
    """The result for one row or message and, unless it is confirmed, the reason in plain words."""

    result: Result
    reason: str = ""


CONFIRMED = Outcome(Result.CONFIRMED)
