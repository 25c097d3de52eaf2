"""Dies while events are taken in: alone, in a batch, and in the sweep of what was not published."""

from __future__ import annotations

from dataclasses import dataclass

from local.appevents.chaos.kill_points.points.steps import OF_CLIENTS, PUBLISH, SENT, marked
from local.appevents.chaos.kill_points.tasks import Run
from local.appevents.chaos.kill_points.trial import Trial
from local.chaos.boundaries import COMMIT, Boundary, Statement, after, before
from local.chaos.kill_points import KillPoint

# The statement commits by itself.
ACCEPT = Statement("functions/appevents/notification/accept.sql", "accept")
MARK = marked(OF_CLIENTS)
CLAIM, CONFIRMED = (Statement(OF_CLIENTS, name) for name in ("claim", "confirmed"))
SWEEP = Run("app_resend", {"PUBLISH_HANDOFF_SECONDS": "0"})


@dataclass(frozen=True)
class Ingest:
    """Events whose request dies. `committed` says whether they must be there afterwards."""

    events: int
    committed: bool

    def __call__(self, trial: Trial) -> None:
        """The phone gets no answer and tells the same again."""
        user = trial.user()
        trial.tell(trial.note(user))
        acts = [trial.note(user) for _ in range(self.events)]
        trial.kill_telling(*acts)
        there = len(trial.statuses()) - 1
        wanted = self.events * self.committed
        trial.expect(there == wanted, f"{there} events are there, not {wanted}")
        said = set(trial.tell(*acts))
        trial.expect(said == {"duplicate" if self.committed else "accepted"}, f"answered {said}")
        trial.come_to_rest()
        ends = set(trial.statuses().values())
        trial.expect(ends == {"processed"}, f"the events are {ends}")


@dataclass(frozen=True)
class Sweep:
    """Events that nobody has published, of two users; the sweep that takes them dies."""

    def __call__(self, trial: Trial) -> None:
        """The next one takes what is left."""
        for user in (trial.user(), trial.user()):
            acts = [trial.note(user) for _ in range(3)]
            trial.cell.run(trial.telling(acts), before(PUBLISH))
            trial.tell(*acts)
        trial.kill(SWEEP)
        trial.come_to_rest()
        ends = set(trial.statuses().values())
        trial.expect(ends == {"processed"}, f"the events are {ends}")


def _ingest(name: str, events: int) -> tuple[KillPoint, ...]:
    moments: dict[str, tuple[Boundary, bool, int]] = {
        "before the rows": (before(ACCEPT), False, 0),
        "after the commit": (after(ACCEPT), True, 0),
        "before the publish": (before(PUBLISH), True, 0),
        "after the first bytes": (SENT, True, 1),
        "after the confirms": (after(PUBLISH), True, 1),
        "before the mark": (before(MARK), True, 1),
        "after the mark": (after(MARK), True, 0),
    }
    return tuple(
        KillPoint(f"{name}: {moment}", boundary, Ingest(events, committed), repeats)
        for moment, (boundary, committed, repeats) in moments.items()
    )


POINTS = (
    *_ingest("ingest", 1),
    *_ingest("ingest a batch", 5),
    KillPoint("sweep: before the claim", before(CLAIM), Sweep()),
    KillPoint("sweep: after the claim", after(CLAIM), Sweep()),
    KillPoint("sweep: after the first bytes", SENT, Sweep(), repeats=1),
    KillPoint("sweep: before the mark", before(CONFIRMED), Sweep(), repeats=1),
    KillPoint("sweep: before the commit", before(COMMIT, since=CONFIRMED), Sweep(), repeats=1),
    KillPoint("sweep: after the commit", after(COMMIT, since=CONFIRMED), Sweep()),
)
