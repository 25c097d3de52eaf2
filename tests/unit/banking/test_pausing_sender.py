"""What a process remembers of queues that refused: of one bank, and for a while."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.banking.events.pauses import PausingSender
from fintegrate.database import Row
from fintegrate.outcome import CONFIRMED, Outcome, Result

NACKED = Outcome(Result.NACKED, "nacked")


class Queues:
    """Answers for each bank what the test has prepared for it."""

    outages = frozenset({Result.UNSENT})

    def __init__(self, **answers: Outcome) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def send(self, rows: Sequence[Row], seconds: float) -> list[Outcome]:
        self.asked += [row["consumer_name"] for row in rows]
        return [self.answers[row["consumer_name"]] for row in rows]


def sent(sender: PausingSender, bank: str) -> Result:
    (outcome,) = sender.send([{"consumer_name": bank}], 1)
    return outcome.result


def test_refusing_queue_is_left_alone() -> None:
    queues, now = Queues(full=NACKED, free=CONFIRMED), [100.0]
    sender = PausingSender(queues, 60, lambda: now[0])

    assert sent(sender, "full") is Result.NACKED
    now[0] += 59
    assert sent(sender, "full") is Result.UNSENT
    assert sent(sender, "free") is Result.CONFIRMED
    now[0] += 1
    assert sent(sender, "full") is Result.NACKED

    assert queues.asked == ["full", "free", "full"]


def test_other_failures_are_not_remembered() -> None:
    queues = Queues(lost=Outcome(Result.UNCONFIRMED, "no confirm"))
    sender = PausingSender(queues, 60)

    assert [sent(sender, "lost") for _ in range(2)] == [Result.UNCONFIRMED] * 2
