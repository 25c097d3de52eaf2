"""The load: phones that tell events, an owner who hides a feed, who films, and who publishes by hand.

The seed decides what each does. It does not decide the answers, nor how often a phone tries.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Protocol

from local.appevents.chaos.calls import BATCH, EVENTS, App, NotAnswered
from local.appevents.chaos.evidence import ACCEPTED, Act, Told
from local.appevents.chaos.stories import Story, World

PAUSE_SECONDS = 0.4
"""Mean time between two moves of one phone."""
MOST_WAITING = 30
"""A user who sees so much wait does nothing new."""
MOST_TOGETHER = 50
FLUSHES = 120
AGAIN_SECONDS = 0.3
OTHER = {"machine.note.saved": "body", "dm.message.sent": "body", "comment.created": "body"}
"""Types of which other content is easily made, and in which field."""


class Caller(Protocol):
    """One thread of a run."""

    def run(self) -> None: ...


@dataclass
class Phone:
    """One phone of a user. What is not answered waits on it, and is told again, oldest first.

    Attributes:
        skew: how wrong its clock is
        leaks: what it saw that it may not
    """

    story: Story
    world: World
    app: App
    random: Random
    stopping: threading.Event
    skew: timedelta = timedelta(0)
    told: list[Told] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    _waiting: list[tuple[Act, datetime]] = field(default_factory=list)
    _answered: list[tuple[Act, datetime]] = field(default_factory=list)

    def run(self) -> None:
        """Do things until told to stop, then tell what waits."""
        while not self.stopping.wait(self.random.expovariate(1 / PAUSE_SECONDS)):
            if len(self._waiting) < MOST_WAITING:
                for _ in range(self.random.randint(1, 6)):
                    self._waiting.append((self.story.next(), self._now()))
            self._flush()
            self._again()
        for _ in range(FLUSHES):
            if not self._waiting:
                break
            self._flush()
            self.stopping.wait(0)
            if self._waiting:
                threading.Event().wait(AGAIN_SECONDS)
        self.app.close()

    def _now(self) -> datetime:
        return datetime.now(UTC) + self.skew

    def _flush(self) -> None:
        """One try: one event alone, or all that wait."""
        alone = self.random.random() < 0.3
        sent = self._waiting[: 1 if alone else MOST_TOGETHER]
        statuses = self._send(sent)
        left = []
        for each, status in zip(sent, statuses, strict=True):
            self.told.append(Told(each[0], status))
            if status is None:
                left.append(each)
            elif status in ACCEPTED:
                self._answered.append(each)
        self._waiting[: len(sent)] = left

    def _again(self) -> None:
        """Now and then something that was answered is told again, or its id with other content."""
        if not self._answered or self.random.random() > 0.15:
            return
        act, at = self.random.choice(self._answered[-40:])
        self._look_at(act)
        if self.random.random() < 0.5 and (name := OTHER.get(act.event_type)):
            other = Act(act.user, act.id, act.event_type, {**act.data, name: "something else"})
            (status,) = self._send([(other, at)])
            self.told.append(Told(act, status, other=True))
            return
        (status,) = self._send([(act, at)])
        self.told.append(Told(act, status))

    def _look_at(self, act: Act) -> None:
        """Another user looks for what became of it."""
        other = self.random.choice([user for user in self.world.users if user != act.user])
        try:
            reply = self.app.call(other, "GET", f"{EVENTS}/{act.id}")
        except NotAnswered:
            return
        if reply.status != 404:
            self.leaks.append(f"{other} asked for an event of {act.user}: {reply.status}")

    def _send(self, sent: Sequence[tuple[Act, datetime]]) -> list[str | None]:
        said = [_said(act, at) for act, at in sent]
        now = self._now().isoformat()
        try:
            if len(said) == 1:
                path, body = EVENTS, said[0]
            else:
                path, body = BATCH, {"events": said}
            reply = self.app.call(self.story.user, "POST", path, body, X_Client_Time=now)
        except NotAnswered:
            return [None] * len(sent)
        if path == BATCH and reply.status == 200:
            return [each["status"] for each in reply.data["results"]]
        if reply.status == 202:
            return ["duplicate" if reply.data["duplicate"] else "accepted"]
        return ["conflict" if reply.status == 409 else "invalid"] * len(sent)


def _said(act: Act, at: datetime) -> dict[str, Any]:
    return {
        "event_type": act.event_type,
        "client_generated_id": act.id,
        "timestamp": at.isoformat(),
        "data": dict(act.data),
    }


class Load:
    """All callers of a run, from `start` to `stop`."""

    def __init__(self, callers: Sequence[Caller], stopping: threading.Event) -> None:
        self._stopping = stopping
        self._threads = [
            threading.Thread(target=caller.run, name=f"caller {number}", daemon=True)
            for number, caller in enumerate(callers)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Do nothing new. Returns when what waits is answered."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
