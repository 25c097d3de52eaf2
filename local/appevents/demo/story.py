"""What Alice and Bob do, chapter by chapter."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

from local.appevents.demo import clip
from local.appevents.demo.people import Operator, Person, event, new_id
from local.appevents.demo.record import Record
from local.appevents.demo.straight import publish
from local.serving.calls import CallFailed

PASSCODE, WRONG = "leg day 7", "leg day 8"
MACHINE, ROWER = "leg-press-2", "rower-1"
POISON = b'{"event_type": "machine.note.saved", "data"'
"""What a program leaves that died while it wrote."""
_SECONDS, _POLL_SECONDS = 60.0, 0.1


@dataclass
class Story:
    """Plays it; each chapter waits until what it did is settled.

    Attributes:
        clip: the file that Alice uploads
        broker_url: the virtual host of app.events
        say: told what happens
        told: how many chapters are over
        video: the video that was uploaded
        stop: set to end it after the present chapter
    """

    alice: Person
    bob: Person
    operator: Operator
    record: Record
    clip: bytes
    clip_seconds: int
    broker_url: str
    say: Callable[[str], None]
    told: int = 0
    video: str = ""
    stop: Event = field(default_factory=Event)
    _post: str = ""
    _comment: str = ""

    def chapters(self) -> Sequence[Callable[[], None]]:
        return (
            *(self._settings, self._upload, self._comments, self._likes, self._batch),
            *(self._machine, self._offline, self._passcode, self._access, self._messages),
            *(self._poison, self._look),
        )

    def play(self) -> None:
        """All of it. What goes wrong is noted, and ends it."""
        try:
            for chapter in self.chapters():
                if self.stop.is_set():
                    return
                chapter()
                self.told += 1
        except CallFailed as error:
            self.record.failures.append(str(error))

    def _settings(self) -> None:
        self.say("Alice and Bob say what others should call them")
        for person in (self.alice, self.bob):
            person.tell("user.settings.submitted", {"display_name": person.name})

    def _upload(self) -> None:
        started = time.monotonic()
        self.say(f"Alice sends a clip of {self.clip_seconds} s straight to the object store")
        self.video = self.alice.upload(self.clip, "100 kg!", clip.CONTENT_TYPE)
        done = self.alice.wait_for_video(self.video, _SECONDS + 5 * self.clip_seconds)
        self._post = done["post_id"]
        (shown,) = self.bob.ask("GET", "/api/v1/feed")["posts"]
        self.record.saw("the post in the feed", shown["post_id"], self._post)
        size = f"{len(self.clip) // 1000} kB, {shown['width']} by {shown['height']}"
        took = f"{time.monotonic() - started:.1f} s"
        self.say(f"it is transcoded and in the feed ({size}) after {took}")

    def _comments(self) -> None:
        self.say("Bob comments, and Alice replies")
        self._comment = self.bob.tell("comment.created", self._said("Nice!"))
        self.alice.tell("comment.created", {**self._said("Thanks"), "parent_id": self._comment})

    def _said(self, body: str) -> dict[str, str]:
        return {"post_id": self._post, "body": body}

    def _likes(self) -> None:
        self.say("Bob likes it, and likes it again")
        for _ in range(2):
            self.bob.tell("interaction.liked", {"target_type": "post", "target_id": self._post})

    def _batch(self) -> None:
        liked = {"target_type": "comment", "target_id": self._comment}
        first = event("comment.created", self._said("How deep?"))
        wrong = event("comment.created", self._said(""))
        statuses = self.bob.send_all([first, first, wrong, event("interaction.liked", liked)])
        self.say(f"Bob's phone sends a batch of four: {', '.join(statuses)}")
        self.record.saw("the batch", statuses, ["accepted", "duplicate", "invalid", "accepted"])
        self.bob.wait_for(first["client_generated_id"])

    def _machine(self) -> None:
        note = event("machine.note.saved", {"machine_id": MACHINE, "body": "Seat on 4"})
        self.bob.send(note)
        self.bob.wait_for(note["client_generated_id"])
        known = self.bob.send(note)
        self.say("Bob notes his seat; his phone is not sure and sends it again: a duplicate")
        self.record.saw("the repeated note is known", known, True)

    def _offline(self) -> None:
        """In the wrong order: what comes too early waits in a retry queue."""
        self.say(
            "Bob was offline: a session arrives before its workout, and that before its program"
        )
        end = datetime.now(UTC)
        program, workout = new_id(), new_id()
        set_of_five = {"exercise": "Squat", "reps": 5, "weight_kg": 80}
        session = {
            "workout_id": workout,
            "started_at": (end - timedelta(hours=1)).isoformat(),
            "ended_at": end.isoformat(),
            "entries": [set_of_five] * 3,
        }
        legs = {"program_id": program, "name": "Legs", "position": 0, "exercises": []}
        told = [
            event("workout.session.logged", session),
            event("workout.created", legs, workout),
            event("program.created", {"name": "Strength", "weeks": 8}, program),
        ]
        self.bob.send_all(told)
        for each in told:
            self.bob.wait_for(each["client_generated_id"])
        kept = self.bob.ask("GET", f"/api/v1/programs/{program}")
        sessions = self.bob.ask("GET", f"/api/v1/programs/{program}/sessions")["sessions"]
        self.record.saw("workouts of the program", len(kept["workouts"]), 1)
        self.record.saw("its sessions", len(sessions), 1)

    def _passcode(self) -> None:
        self.say("Alice puts her feed behind a passcode; Bob sees nothing, his comment is rejected")
        wanted = {"visibility": "passcode", "passcode": PASSCODE}
        self.alice.ask("PUT", "/api/v1/settings/feed-access", wanted)
        refused = self.bob.call("GET", self._feed())
        self.record.saw("Bob at the closed feed", refused.reason, "feed_access_required")
        public = self.bob.ask("GET", "/api/v1/feed")["posts"]
        self.record.saw("posts in the public feed", len(public), 0)
        self.bob.tell("comment.created", self._said("Hello?"), fate="post_not_found")

    def _feed(self) -> str:
        return f"/api/v1/feed/{self.alice.id}"

    def _access(self) -> None:
        wrong = self.bob.call("POST", f"{self._feed()}/access", {"passcode": WRONG})
        self.say(f"Bob tries a wrong passcode ({wrong.status}), then the right one, and is let in")
        self.record.saw("the wrong passcode", wrong.reason, "denied")
        given = self.bob.ask("POST", f"{self._feed()}/access", {"passcode": PASSCODE})
        opened = {"X-Feed-Access": given["access_token"]}
        posts = self.bob.ask("GET", self._feed(), headers=opened)["posts"]
        self.record.saw("what Bob sees then", [each["post_id"] for each in posts], [self._post])
        self.bob.tell("comment.created", self._said("There you are"))

    def _messages(self) -> None:
        self.say("Bob writes to Alice, and she answers")
        started = self.bob.tell("dm.conversation.started", {"participant_ids": [self.alice.id]})
        talk = self.bob.wait_for(started)["outcome"]["data"]["conversation_id"]
        for person, body in ((self.bob, "See you at six?"), (self.alice, "At six")):
            person.tell("dm.message.sent", {"conversation_id": talk, "body": body})
        self.bob.tell("dm.message.read", {"conversation_id": talk, "up_to_sequence": 2})
        (found,) = self.bob.ask("GET", "/api/v1/conversations")["conversations"]
        self.record.saw("messages, unread", (found["last_sequence"], found["unread_count"]), (2, 0))

    def _poison(self) -> None:
        self.say("somebody publishes five messages by hand; the third is cut off")
        notes = [{"machine_id": ROWER, "body": f"Damper {number}"} for number in (1, 2, 3, 4)]
        publish(self.broker_url, "machine.note.saved", self.bob.id, notes, POISON)
        self.record.straight["machine"] += len(notes)
        self.record.poisoned["machine"] += 1
        letter = self._eventually(self._poisonous_letter, "the poisonous message is shown")
        self.say(f"it is a dead letter: {letter['error_code']}, {letter['error']}")
        self._eventually(lambda: self._notes_of_bob(ROWER) == len(notes), "its neighbours are done")

    def _notes_of_bob(self, machine: str) -> int:
        return len(self.bob.ask("GET", f"/api/v1/machines/{machine}/notes")["notes"])

    def _poisonous_letter(self) -> Any:
        letters = self.operator.dead_letters()
        return next((each for each in letters if each["error_code"] == "not_json"), None)

    def _eventually(self, look: Callable[[], Any], what: str) -> Any:
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(_POLL_SECONDS)
        raise CallFailed(f"{what}: not in {_SECONDS:.0f} s", answered=True)

    def _look(self) -> None:
        """What is left of it all, as Alice sees it."""
        self.say("Alice looks at her post")
        path = f"/api/v1/posts/{self._post}"
        post = self.alice.ask("GET", path)
        top = self.alice.ask("GET", f"{path}/comments")["comments"]
        listed = len(top) + sum(len(each["replies"]) for each in top)
        likes = self.alice.ask("GET", f"{path}/likes")["likes"]
        self.record.saw("likes, liked twice", (post["like_count"], len(likes)), (1, 1))
        self.record.saw("comments, counted and listed", (post["comment_count"], listed), (4, 4))
        self.record.saw("notes, told twice", self._notes_of_bob(MACHINE), 1)
        self.record.saw("notes beside the poison", self._notes_of_bob(ROWER), 4)
