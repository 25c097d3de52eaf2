"""What users do: events of every service, and how each may end.

A user's own things are told in order, so an event of them must be processed. What somebody may not do
must be rejected.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from local.appevents.chaos.evidence import Act

MACHINES = ("leg-press-2", "rack-1", "bench-7")
EXERCISE = {"name": "Squat", "sets": 3, "reps": 8, "weight_kg": 80.0}
NO_POST = frozenset({"post_not_found"})
NO_CONVERSATION = frozenset({"conversation_not_found"})
NO_COMMENT = frozenset({"comment_not_found"})
OTHER_VERSION = frozenset({"version_conflict"})
Data = Mapping[str, Any]


@dataclass
class World:
    """What all users know of.

    Attributes:
        public_posts: of a feed that everybody sees
        hidden_post: of the owner's feed, which is behind a passcode
        comments: those that were told and are never deleted
        conversations: their ids, and who takes part
    """

    users: list[str]
    owner: str
    public_posts: list[str]
    hidden_post: str
    passcode: str = "never the right one"
    comments: list[str] = field(default_factory=list)
    conversations: list[tuple[str, frozenset[str]]] = field(default_factory=list)


class Story:
    """One user's acts, in the order in which they are told."""

    def __init__(self, user: str, world: World, random: Random) -> None:
        self.user = user
        self._world = world
        self._random = random
        self._kept: dict[str, list[str]] = {}
        self._choices: dict[Callable[[], Act | None], int] = {
            self._note: 14,
            self._note_gone: 4,
            self._prefs: 5,
            self._program: 3,
            self._program_changed: 5,
            self._workout: 4,
            self._workout_changed: 3,
            self._session: 5,
            self._conversation: 3,
            self._message: 12,
            self._read: 3,
            self._intrusion: 2,
            self._user_settings: 7,
            self._app_settings: 4,
            self._comment: 10,
            self._reply: 5,
            self._comment_gone: 3,
            self._like: 12,
            self._passcode: 2,
            self._forbidden: 3,
        }

    def next(self) -> Act:
        """Something that the user can do now."""
        while True:
            (choose,) = self._random.choices(list(self._choices), list(self._choices.values()))
            if (act := choose()) is not None:
                return act

    def _act(
        self,
        event_type: str,
        data: Data,
        keep: str = "",
        may: frozenset[str] = frozenset(),
        must: bool = False,
    ) -> Act:
        act = Act(self.user, str(self._uuid()), event_type, data, may, must)
        if keep:
            self._kept.setdefault(keep, []).append(act.id)
        return act

    def _uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self._random.getrandbits(128), version=4)

    def _own(self, kind: str) -> str | None:
        kept = self._kept.get(kind)
        return self._random.choice(kept) if kept else None

    # machine

    def _note(self) -> Act:
        body = f"Seat on {self._random.randint(1, 9)}"
        data = {"machine_id": self._random.choice(MACHINES), "body": body}
        return self._act("machine.note.saved", data, keep="note")

    def _note_gone(self) -> Act | None:
        note = self._own("note")
        return self._act("machine.note.deleted", {"note_id": note}) if note else None

    def _prefs(self) -> Act:
        prefs = {self._random.choice("abc"): self._random.randint(1, 20)}
        data = {"machine_id": self._random.choice(MACHINES), "prefs": prefs}
        return self._act("equipment.prefs.submitted", data)

    # program

    def _program(self) -> Act:
        return self._act("program.created", {"name": "Strength"}, keep="program")

    def _program_changed(self) -> Act | None:
        program = self._own("program")
        if program is None:
            return None
        data: dict[str, Any] = {"program_id": program, "weeks": self._random.randint(1, 52)}
        if self._random.random() < 0.3:
            data["expected_version"] = self._random.randint(1, 4)
            return self._act("program.updated", data, may=OTHER_VERSION)
        return self._act("program.updated", data)

    def _workout(self) -> Act | None:
        program = self._own("program")
        if program is None:
            return None
        data: dict[str, Any] = {"program_id": program, "name": "Day", "position": 0}
        data["exercises"] = [EXERCISE]
        if self._random.random() < 0.3:
            data["remind_at"] = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
        return self._act("workout.created", data, keep="workout")

    def _workout_changed(self) -> Act | None:
        workout = self._own("workout")
        data = {"workout_id": workout, "position": self._random.randint(0, 9)}
        return self._act("workout.updated", data) if workout else None

    def _session(self) -> Act | None:
        workout = self._own("workout")
        if workout is None:
            return None
        began = datetime.now(UTC) - timedelta(hours=1)
        data = {
            "workout_id": workout,
            "started_at": began.isoformat(),
            "ended_at": (began + timedelta(minutes=50)).isoformat(),
            "entries": [{"exercise": "Squat", "reps": 8}],
        }
        return self._act("workout.session.logged", data)

    # dm

    def _conversation(self) -> Act:
        others = [user for user in self._world.users if user != self.user]
        chosen = self._random.sample(others, self._random.choice([1, 1, len(others) - 1]))
        act = self._act("dm.conversation.started", {"participant_ids": chosen}, keep="conversation")
        self._world.conversations.append((act.id, frozenset([self.user, *chosen])))
        return act

    def _message(self) -> Act | None:
        own = self._own("conversation")
        data = {"conversation_id": own, "body": "See you at six"}
        return self._act("dm.message.sent", data) if own else None

    def _read(self) -> Act | None:
        own = self._own("conversation")
        data = {"conversation_id": own, "up_to_sequence": self._random.randint(1, 5)}
        return self._act("dm.message.read", data) if own else None

    def _intrusion(self) -> Act | None:
        """A message into a conversation of others."""
        foreign = [key for key, members in self._world.conversations if self.user not in members]
        if not foreign:
            return None
        data = {"conversation_id": self._random.choice(foreign), "body": "Let me in"}
        return self._act("dm.message.sent", data, may=NO_CONVERSATION, must=True)

    # settings

    def _user_settings(self) -> Act:
        whole = {
            "age": self._random.randint(13, 120),
            "training_days_per_week": self._random.randint(0, 7),
            "display_name": f"Ada {self._random.randint(1, 99)}",
        }
        names = self._random.sample(list(whole), self._random.randint(1, 3))
        return self._act("user.settings.submitted", {name: whole[name] for name in names})

    def _app_settings(self) -> Act:
        whole = {
            "theme": self._random.choice(["light", "dark", "system"]),
            "language": self._random.choice(["de-AT", "en", "fr"]),
        }
        name = self._random.choice(list(whole))
        return self._act("app.settings.submitted", {name: whole[name]})

    def _passcode(self) -> Act:
        """The present passcode of the hidden feed, or a wrong one: both are answered."""
        given = self._random.choice([self._world.passcode, "wrong"])
        data = {"feed_owner_id": self._world.owner, "passcode": given}
        return self._act("feed.access.attempt", data)

    # video

    def _comment(self) -> Act:
        data = {"post_id": self._random.choice(self._world.public_posts), "body": "Nice!"}
        goes = self._random.random() < 0.3
        act = self._act("comment.created", data, keep="fleeting" if goes else "comment")
        if not goes:
            self._kept.setdefault(f"post of {act.id}", []).append(str(data["post_id"]))
            self._world.comments.append(act.id)
        return act

    def _reply(self) -> Act | None:
        parent = self._own("comment")
        if parent is None:
            return None
        (post,) = self._kept[f"post of {parent}"]
        data = {"post_id": post, "parent_id": parent, "body": "Thanks!"}
        return self._act("comment.created", data)

    def _comment_gone(self) -> Act | None:
        comment = self._own("fleeting")
        return self._act("comment.deleted", {"comment_id": comment}) if comment else None

    def _like(self) -> Act:
        kind = self._random.choice(["interaction.liked", "interaction.unliked"])
        comments = self._world.comments
        if comments and self._random.random() < 0.4:
            data = {"target_type": "comment", "target_id": self._random.choice(comments)}
            return self._act(kind, data, may=NO_COMMENT)
        data = {"target_type": "post", "target_id": self._random.choice(self._world.public_posts)}
        return self._act(kind, data)

    def _forbidden(self) -> Act:
        """On a post that is not there, or of others; on the hidden one who was granted access may."""
        unknown, hidden = str(self._uuid()), self._world.hidden_post
        foreign = self._random.choice(self._world.public_posts)
        number = self._random.randrange(3)
        if number == 0:
            data = {"post_id": unknown, "body": "?"}
            return self._act("comment.created", data, may=NO_POST, must=True)
        if number == 1:
            return self._act("comment.created", {"post_id": hidden, "body": "!"}, may=NO_POST)
        data = {"post_id": foreign}
        return self._act("feed.post.delete_requested", data, may=NO_POST, must=True)
