"""Dies in the request of a batch."""

from __future__ import annotations

from dataclasses import dataclass

from local.chaos.boundaries import COMMIT, Boundary, Method, Statement, after, before
from local.chaos.kill_points import KillPoint
from local.relay.chaos.kill_points.trial import Trial

EVENTS = 5
ACCEPT = Statement("functions/relay/ingest/accept.sql", "accept")
NUDGE = Method("fintegrate.messaging.nudges:post")


@dataclass(frozen=True)
class Ingest:
    """A batch whose request dies. `committed` says what must be there afterwards."""

    committed: bool

    def __call__(self, trial: Trial) -> None:
        """The order system gets no answer and sends the batch again."""
        trial.open_shop("webhook", "meta")
        items = trial.items(EVENTS)
        trial.kill_sending(items)
        there = len(trial.evidence().accepted)
        trial.expect(there == EVENTS * self.committed, f"{there} of {EVENTS} events are there")
        said = set(trial.send(items))
        trial.expect(said == {"duplicate" if self.committed else "accepted"}, f"answered {said}")
        trial.come_to_rest()


def _point(moment: str, boundary: Boundary, *, committed: bool) -> KillPoint:
    return KillPoint(f"ingest: {moment}", boundary, Ingest(committed))


POINTS = (
    _point("before the rows", before(ACCEPT), committed=False),
    _point("after the rows, before the commit", before(COMMIT), committed=False),
    _point("after the commit, before the nudge", after(COMMIT), committed=True),
    _point("after the nudge, before the answer", after(NUDGE), committed=True),
)
