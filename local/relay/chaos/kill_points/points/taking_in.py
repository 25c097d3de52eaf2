"""Dies in the intake of rows that the order system has inserted."""

from __future__ import annotations

from dataclasses import dataclass

from local.chaos.boundaries import COMMIT, Boundary, Method, Statement, after, before
from local.chaos.kill_points import KillPoint
from local.chaos.scheduled_run import ScheduledRun
from local.relay.chaos.kill_points.trial import Trial

ROWS = 4
INTAKE = "functions/relay/ingest/intake.sql"
CLAIM, SEALED, ASIDE = (Statement(INTAKE, name) for name in ("claim", "accept", "set_aside"))
NUDGE = Method("fintegrate.messaging.nudges:post")


@dataclass(frozen=True)
class TakingIn:
    """Rows, one of them twice, whose intake dies. `committed` says whether they are sealed then."""

    committed: bool

    def __call__(self, trial: Trial) -> None:
        """Each row is as the order system wrote it, or sealed with its deliveries."""
        trial.open_shop("webhook", "meta")
        items = trial.items(ROWS)
        trial.insert([*items, items[0]])
        trial.kill(ScheduledRun("relay_intake"))
        evidence = trial.evidence()
        made = len(evidence.deliveries)
        wanted = ROWS * len(trial.destinations) * self.committed
        trial.expect(made == wanted, f"{made} deliveries are there, not {wanted}")
        (plain,) = trial.query("plain_rows")
        left = 0 if self.committed else ROWS + 1
        trial.expect(plain["count"] == left, f"{plain['count']} rows are as written, not {left}")
        trial.come_to_rest()
        ends = sorted(event.status for event in trial.evidence().events)
        trial.expect(ends == ["accepted"] * ROWS + ["duplicate"], f"the rows are {ends}")


def _point(moment: str, boundary: Boundary, *, committed: bool) -> KillPoint:
    return KillPoint(f"intake: {moment}", boundary, TakingIn(committed))


# The first claim is that of unresolved rows, in a transaction of its own.
POINTS = (
    _point("before the rows are taken", before(CLAIM, 2), committed=False),
    _point("after the rows are taken", after(CLAIM, 2), committed=False),
    _point("after the rows are sealed, before the others", after(SEALED), committed=False),
    _point("after all, before the commit", before(COMMIT, since=ASIDE), committed=False),
    _point("after the commit, before the nudge", after(COMMIT, since=ASIDE), committed=True),
    _point("after the nudge", after(NUDGE), committed=True),
)
