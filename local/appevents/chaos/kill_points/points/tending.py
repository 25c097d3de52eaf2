"""Dies in what keeps the rest going: dead letters and their way back, reminders, access to feeds."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from local.appevents.chaos.evidence import Act
from local.appevents.chaos.kill_points.points.steps import PUBLISH, SENT, WRITE
from local.appevents.chaos.kill_points.tasks import ADMIN, Call, Feed, Run
from local.appevents.chaos.kill_points.trial import Trial
from local.chaos.boundaries import COMMIT, Boundary, Method, Statement, after, before
from local.chaos.kill_points import KillPoint

LETTERS = "functions/appevents/ops/dead_letters.sql"
KEEP, REDRIVEN = Statement(LETTERS, "keep"), Statement(LETTERS, "mark_redriven")
ACK = Method("pika.adapters.blocking_connection:BlockingChannel.basic_ack")
REDRIVE = "/api/v1/ops/dead-letters/redrive"
TRY = Statement("functions/appevents/settings/tries.sql", "take")
CHANGE = Statement("functions/appevents/settings/feed_access.sql", "change")
AT_VIDEO = Statement("functions/appevents/feed_owners.sql", "change")
MOVED = Statement("functions/appevents/feed_owners.sql", "move_posts")
FEED_ACCESS = "/api/v1/settings/feed-access"
UNKNOWN = frozenset({"note_not_found"})


def sweeping(trial: Trial) -> None:
    """Dead letters are taken out of their queue, and that run dies: none is lost, none is kept twice."""
    user = trial.user()
    for body in (b"no JSON", b"[]", b"{}"):
        trial.publish("machine", "machine.note.saved", body)
    trial.tell(trial.note(user))
    trial.cell.run(Feed("machine"))
    trial.kill(Run("app_sweep_dead_letters"))
    trial.come_to_rest()
    found = len(trial.evidence().letters)
    trial.expect(found == len(trial.published), f"{found} letters are kept")


def redriving(trial: Trial) -> None:
    """A rejected event is sent back when it can succeed; that request dies, the operator asks again."""
    user = trial.user()
    note = trial.note(user)
    early = Act(user, str(uuid.uuid4()), "machine.note.deleted", {"note_id": note.id}, UNKNOWN)
    trial.tell(early)
    trial.come_to_rest()
    end = trial.statuses()[early.id]
    trial.expect(end == "rejected", f"what comes too early is {end}")
    trial.tell(note)
    trial.come_to_rest()
    ids = [each["dead_letter_id"] for each in trial.query("notify", "letters_of", user=user)]
    request = Call(ADMIN, "POST", REDRIVE, {"ids": ids})
    trial.kill(request)
    trial.cell.run(request)
    trial.come_to_rest()
    end = trial.statuses()[early.id]
    trial.expect(end == "processed", f"what was sent back is {end}")


def reminding(trial: Trial) -> None:
    """A reminder is due, and the run that writes it dies: it comes once."""
    user = trial.user()
    program = Act(user, str(uuid.uuid4()), "program.created", {"name": "Strength"})
    now = datetime.now(UTC).isoformat()
    data = {"program_id": program.id, "name": "Day 1", "position": 0, "exercises": []}
    workout = Act(user, str(uuid.uuid4()), "workout.created", {**data, "remind_at": now})
    trial.tell(program, workout)
    trial.come_to_rest()
    trial.kill(Run("app_remind"))
    trial.cell.run(Run("app_remind"))
    trial.cell.run(Run("app_remind"))
    trial.come_to_rest()
    told = [each for each in trial.evidence().outcomes if each.event_type == "workout.reminder_due"]
    trial.expect(len(told) == 1, f"{len(told)} reminders were told")


@dataclass(frozen=True)
class Decide:
    """An owner puts the feed behind a passcode, and that request dies."""

    committed: bool

    def __call__(self, trial: Trial) -> None:
        """Either nothing has changed, or the service of videos learns of it. No passcode is readable."""
        owner = trial.user()
        passcode = f"pass-{uuid.uuid4().hex}"
        trial.secrets.append(passcode)
        trial.query("video", "know_owner", owner=owner)
        post = str(uuid.uuid4())
        trial.query("video", "write_post", post=post, owner=owner, public=True)
        wanted = {"visibility": "passcode", "passcode": passcode}
        trial.kill(Call(owner, "PUT", FEED_ACCESS, wanted))
        trial.come_to_rest()
        decided = [feed.decided for feed in trial.evidence().feeds]
        expected = [("passcode", 1)] if self.committed else []
        trial.expect(decided == expected, f"the feed is {decided}")


@dataclass(frozen=True)
class Attempt:
    """A viewer gives the right passcode by event, and the service dies with it."""

    def __call__(self, trial: Trial) -> None:
        """The try counts once, and access is granted once."""
        owner, viewer = trial.user(), trial.user()
        passcode = f"pass-{uuid.uuid4().hex}"
        trial.secrets.append(passcode)
        wanted = {"visibility": "passcode", "passcode": passcode}
        trial.cell.run(Call(owner, "PUT", FEED_ACCESS, wanted))
        data = {"feed_owner_id": owner, "passcode": passcode}
        act = Act(viewer, str(uuid.uuid4()), "feed.access.attempt", data)
        trial.tell(act)
        trial.kill(Feed("settings"))
        trial.come_to_rest()
        (event,) = trial.evidence().events
        kind = event.outcome_event_type
        trial.expect(kind == "feed.access.granted", f"the attempt ended as {kind}")
        (tries,) = trial.query("settings", "tries", owner=owner)
        trial.expect(tries["count"] == 1, f"{tries['count']} tries are counted")


def _points(
    name: str, moments: dict[str, tuple[Boundary, object]], repeats: int = 1
) -> tuple[KillPoint, ...]:
    return tuple(
        KillPoint(f"{name}: {moment}", boundary, scenario, repeats)  # type: ignore[arg-type]
        for moment, (boundary, scenario) in moments.items()
    )


POINTS = (
    *_points(
        "dead letters",
        {
            "after one is kept, before the commit": (after(KEEP), sweeping),
            "after the commit, before the acknowledgement": (before(ACK), sweeping),
            "after the acknowledgement": (after(ACK), sweeping),
        },
    ),
    *_points(
        "redrive",
        {
            "before the publish": (before(PUBLISH), redriving),
            "after the bytes": (SENT, redriving),
            "before the mark": (before(REDRIVEN), redriving),
            "before the commit": (before(COMMIT, since=REDRIVEN), redriving),
            "after the commit": (after(COMMIT, since=REDRIVEN), redriving),
        },
    ),
    *_points(
        "remind",
        {
            "before the commit": (before(COMMIT, since=WRITE), reminding),
            "after the commit": (after(COMMIT, since=WRITE), reminding),
            "after the bytes": (SENT, reminding),
        },
    ),
    *_points(
        "hide a feed",
        {
            "before the commit": (before(COMMIT, since=CHANGE), Decide(committed=False)),
            "after the commit": (after(COMMIT, since=CHANGE), Decide(committed=True)),
            "before it is written at the videos": (before(AT_VIDEO), Decide(committed=True)),
            "after the posts are moved": (after(MOVED), Decide(committed=True)),
            "before the publish": (before(PUBLISH), Decide(committed=True)),
            "after the bytes": (SENT, Decide(committed=True)),
        },
    ),
    *_points(
        "give a passcode",
        {
            "before the try is counted": (before(TRY), Attempt()),
            "after the try is counted": (after(TRY), Attempt()),
            "before the commit": (before(COMMIT), Attempt()),
            "after the commit": (after(COMMIT), Attempt()),
        },
    ),
)
