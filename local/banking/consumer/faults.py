"""Faults on demand, so that redelivery, failure and repetition can be watched.

None of them is on unless it was asked for on the command line.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from random import Random

EXIT_STATUS_OF_DEATH = 70


class Fault(Enum):
    """What goes wrong with one message."""

    NONE = "none"
    CONFIRM_FAILED = "confirm failed"
    REJECT = "reject"


@dataclass(slots=True)
class Faults:
    """`slow_seconds` per message; `fail_rate` 0 to 1; death at the `die_after`-th message.

    The `refuse_at`-th message that is worked on is rejected.
    """

    random: Random
    slow_seconds: float = 0.0
    fail_rate: float = 0.0
    die_after: int | None = None
    refuse_at: int | None = None
    _worked: int = 0
    _drawn: int = 0

    def draw(self) -> Fault:
        """Decide what goes wrong with the next message."""
        self._drawn += 1
        if self._drawn == self.refuse_at:
            return Fault.REJECT
        if self.random.random() >= self.fail_rate:
            return Fault.NONE
        return self.random.choice((Fault.CONFIRM_FAILED, Fault.REJECT))

    def maybe_die(self) -> None:
        """Die as a power cut would: after the work, before the confirmation and the ack."""
        self._worked += 1
        if self._worked == self.die_after:
            os._exit(EXIT_STATUS_OF_DEATH)
