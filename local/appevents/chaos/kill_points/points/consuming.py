"""Dies while a service acts on a batch: what succeeds, what never can, and what may later."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from fintegrate.messaging.inbox import MOST_STARTS
from local.appevents.chaos.evidence import Act
from local.appevents.chaos.kill_points.points.steps import (
    ACKNOWLEDGE,
    BEGIN,
    OF_SERVICE,
    PUBLISH,
    RUN,
    SENT,
    TAKE,
    WRITE,
    marked,
)
from local.appevents.chaos.kill_points.tasks import Feed
from local.appevents.chaos.kill_points.trial import Trial, body_of
from local.chaos.boundaries import COMMIT, Boundary, Statement, after, before
from local.chaos.kill_points import KillPoint

NOTES = 4
NEVER = frozenset({"id_taken"})
LATER = frozenset({"note_not_found"})
SAVE = Statement("functions/appevents/machine/notes.sql", "save")
SETTLE = Statement("functions/appevents/notification/outcomes.sql", "settle")
MARK = marked(OF_SERVICE)


@dataclass(frozen=True)
class Consume:
    """Notes whose service dies with the batch."""

    def __call__(self, trial: Trial) -> None:
        """Each is saved once, and told once."""
        user = trial.user()
        trial.tell(*(trial.note(user) for _ in range(NOTES)))
        trial.kill(Feed("machine"))
        trial.come_to_rest()
        ends = list(trial.statuses().values())
        trial.expect(ends == ["processed"] * NOTES, f"the notes are {ends}")


@dataclass(frozen=True)
class Poison:
    """Between notes there is one whose id is taken, and three that are no event at all."""

    def __call__(self, trial: Trial) -> None:
        """The neighbours are saved, the other is rejected, and all four are dead letters."""
        one, other = trial.user(), trial.user()
        taken = trial.note(one)
        trial.tell(taken)
        trial.cell.run(Feed("machine"))
        bad = Act(other, taken.id, taken.event_type, taken.data, NEVER, must=True)
        trial.tell(trial.note(other), bad, trial.note(other))
        kind = "machine.note.saved"
        trial.publish("machine", kind, b"no JSON")
        trial.publish("machine", kind, body_of(taken, user_id="nobody"))
        trial.publish("machine", kind, body_of(trial.note(one), schema_version="2.0.0"))
        trial.kill(Feed("machine"))
        trial.come_to_rest()


@dataclass(frozen=True)
class Retry:
    """A deletion comes before its note, and the service dies with it."""

    def __call__(self, trial: Trial) -> None:
        """It waits for the note, however often it was copied."""
        user = trial.user()
        note = trial.note(user)
        data = {"note_id": note.id}
        early = Act(user, str(uuid.uuid4()), "machine.note.deleted", data, LATER)
        trial.tell(early)
        trial.kill(Feed("machine"))
        trial.tell(note)
        trial.come_to_rest()


@dataclass(frozen=True)
class Crash:
    """A process dies with the same message again and again, and its neighbours go with it."""

    deaths: int

    def __call__(self, trial: Trial) -> None:
        """What comes redelivered is begun alone; the third start without an end is none."""
        user = trial.user()
        is_given_up = self.deaths >= MOST_STARTS - 1
        note = trial.note(user, may=frozenset({"crashed"}), must=is_given_up)
        trial.tell(note)
        trial.cell.run(Feed("machine"), before(RUN))
        for _ in range(self.deaths):
            trial.kill(Feed("machine"))
        trial.tell(trial.note(user), trial.note(user))
        trial.come_to_rest()
        wanted = "rejected" if is_given_up else "processed"
        end = trial.statuses()[note.id]
        trial.expect(end == wanted, f"after {self.deaths} deaths the note is {end}")


@dataclass(frozen=True)
class Settle:
    """Outcomes whose service dies with the batch."""

    def __call__(self, trial: Trial) -> None:
        """Each reaches its event."""
        user = trial.user()
        trial.tell(*(trial.note(user) for _ in range(NOTES)))
        trial.cell.run(Feed("machine"))
        trial.kill(Feed("notification"))
        trial.come_to_rest()
        ends = list(trial.statuses().values())
        trial.expect(ends == ["processed"] * NOTES, f"the notes are {ends}")


def _points(
    name: str, scenario: object, moments: dict[str, tuple[Boundary, int]]
) -> tuple[KillPoint, ...]:
    assert callable(scenario)
    return tuple(
        KillPoint(f"{name}: {moment}", boundary, scenario, repeats)
        for moment, (boundary, repeats) in moments.items()
    )


POINTS = (
    *_points(
        "consume",
        Consume(),
        {
            "before the function": (before(RUN), 0),
            "before the first key": (before(TAKE), 0),
            "after a key, before its effect": (after(TAKE, 2), 0),
            "after an effect, before its outcome": (after(SAVE, 2), 0),
            "after the last outcome": (after(WRITE, NOTES), 0),
            "before the commit": (before(COMMIT), 0),
            "after the commit": (after(COMMIT), 0),
            "before the outcomes' publish": (before(PUBLISH), 0),
            "after their first bytes": (SENT, 1),
            "after their confirms": (after(PUBLISH), 1),
            "after their mark": (after(MARK), 0),
            "before the acknowledgement": (before(ACKNOWLEDGE), 0),
            "after the acknowledgement": (after(ACKNOWLEDGE), 0),
        },
    ),
    *_points(
        "consume poison",
        Poison(),
        {
            "after the neighbours' commit": (after(COMMIT), 0),
            "before the dead letters' copies": (before(PUBLISH), 0),
            "after their first bytes": (SENT, 0),
            "after the copies, before the rejection": (after(PUBLISH), 0),
            "after the rejection, before its commit": (before(COMMIT, 2), 0),
            "after the rejection's commit": (after(COMMIT, 2), 0),
            "before the outcomes' publish": (before(PUBLISH, 2), 0),
            "before the acknowledgement": (before(ACKNOWLEDGE), 0),
        },
    ),
    *_points(
        "consume too early",
        Retry(),
        {
            "before the copy that waits": (before(PUBLISH), 0),
            "after the copy's bytes": (SENT, 0),
            "after the copy": (after(PUBLISH), 0),
            "before the acknowledgement": (before(ACKNOWLEDGE), 0),
        },
    ),
    *_points(
        "settle",
        Settle(),
        {
            "after a key": (after(TAKE), 0),
            "after an event's outcome": (after(SETTLE, 2), 0),
            "before the commit": (before(COMMIT), 0),
            "after the commit": (after(COMMIT), 0),
            "before the acknowledgement": (before(ACKNOWLEDGE), 0),
            "after the acknowledgement": (after(ACKNOWLEDGE), 0),
        },
    ),
    KillPoint("crash: at one start, noted", after(BEGIN), Crash(1)),
    KillPoint("crash: at two starts, with the effect", after(SAVE), Crash(2)),
)
