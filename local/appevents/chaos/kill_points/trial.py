"""One run of a kill point: users of its own, a death, the recovery and the ledger's check."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pika

from chalicelib.appevents.topology import EXCHANGE
from local.appevents.chaos.clip import clip
from local.appevents.chaos.environment import BROKER
from local.appevents.chaos.evidence import Act, Evidence, Published, Told
from local.appevents.chaos.kill_points.cell import Cell
from local.appevents.chaos.kill_points.tasks import BATCH, EVENTS, Call, Rest
from local.chaos.boundaries import Boundary
from local.chaos.kill_points import BrokenPromise
from local.chaos.processes import Ended, Task
from local.services.amqp import channel_on

MOST_RESTS = 30
"""Rests after which everything must have ended; the waits between tries are short."""
MACHINE = "leg-press-2"
VIDEO = "/api/v1/videos/{video_id}"


@dataclass
class Trial:
    """The means of a scenario. `hit` says whether the boundary was reached."""

    cell: Cell
    boundary: Boundary | None
    hit: bool = False
    users: list[str] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)
    asked_videos: list[str] = field(default_factory=list)
    answered_videos: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    def user(self) -> str:
        """A new user's id."""
        self.users.append(str(uuid.uuid4()))
        return self.users[-1]

    def note(self, user: str, **more: Any) -> Act:
        """A note that a user means to save."""
        data = {"machine_id": MACHINE, "body": "Seat on 4"}
        return Act(user, str(uuid.uuid4()), "machine.note.saved", data, **more)

    def telling(self, acts: Sequence[Act], sabotage: str = "") -> Call:
        """The request that tells these, one alone or several together."""
        said = [said_of(act) for act in acts]
        path, body = (EVENTS, said[0]) if len(said) == 1 else (BATCH, {"events": said})
        return Call(acts[0].user, "POST", path, body, sabotage=sabotage)

    def tell(self, *acts: Act, sabotage: str = "") -> list[str]:
        """Tell these in one request; what was answered to each."""
        answer = self.cell.run(self.telling(acts, sabotage)).answer
        results = answer.get("results", [answer])
        statuses = ["duplicate" if each.get("duplicate") else each["status"] for each in results]
        self.told += [Told(act, status) for act, status in zip(acts, statuses, strict=True)]
        return statuses

    def kill_telling(self, *acts: Act) -> None:
        """Let a process die while it takes these."""
        self.told += [Told(act, None) for act in acts]
        self.kill(self.telling(acts))

    def kill(self, task: Task) -> Ended:
        """Start a process with the task and let it die at the boundary."""
        ended = self.cell.run(task, self.boundary)
        self.hit = self.hit or ended.hit
        return ended

    def publish(self, service: str, routing_key: str, body: bytes, **headers: Any) -> str:
        """Publish a poisonous message by hand; its id."""
        message_id = str(uuid.uuid4())
        properties = pika.BasicProperties(message_id=message_id, delivery_mode=2, headers=headers)
        with channel_on(self.cell.environment[BROKER]) as channel:
            channel.basic_publish(EXCHANGE, routing_key, body, properties, mandatory=True)
        poison = Published(service, message_id, "", routing_key, poison=True)
        self.published.append(poison)
        return message_id

    def offered(self, user: str) -> str:
        """A video of the user's whose file is in the store; its upload is not complete."""
        told = {"filename": "squat.mp4", "content_type": "video/mp4", "size_bytes": len(clip())}
        said = {**told, "client_generated_id": str(uuid.uuid4())}
        made = self.cell.run(Call(user, "POST", "/api/v1/videos", said)).answer
        self.asked_videos.append(made["video_id"])
        offer = made["upload"]
        sent = httpx.put(offer["url"], content=clip(), headers=offer["headers"], trust_env=False)
        sent.raise_for_status()
        return str(made["video_id"])

    def completion(self, user: str, video: str) -> Call:
        """The request that completes an upload."""
        return Call(user, "POST", f"{VIDEO}/complete", {}, {"video_id": video})

    def complete(self, user: str, video: str) -> None:
        """Complete an upload, which must be accepted."""
        status = self.cell.run(self.completion(user, video)).answer["status_code"]
        self.expect(status == 202, f"completed with {status}")
        self.answered_videos.append(video)

    def query(self, service: str, statement: str, **parameters: Any) -> list[dict[str, Any]]:
        return self.cell.source.query(service, statement, **parameters)

    def come_to_rest(self, most: int = MOST_RESTS) -> None:
        """Let sweeps and queues run until nothing is left, twice in a row.

        Raises:
            BrokenPromise: so many rests were not enough
        """
        quiet = 0
        for _ in range(most):
            fed = self.cell.run(Rest()).answer
            left = sum(self.cell.source.left().values())
            quiet = quiet + 1 if not fed + left + self.cell.source.unsettled() else 0
            if quiet > 1:
                return
        raise BrokenPromise(f"not at rest after {most} rests: {self.cell.source.left()}")

    def evidence(self) -> Evidence:
        """All facts about this trial's users."""
        found = self.cell.source.gather(self.users, self.secrets)
        poison = {each.message_id for each in self.published}
        letters = [
            each for each in found.letters if each.user in self.users or each.message_id in poison
        ]
        return replace(
            found,
            told=self.told,
            published=self.published,
            letters=letters,
            asked_videos=frozenset(self.asked_videos),
            answered_videos=self.answered_videos,
        )

    def statuses(self) -> dict[str, str | None]:
        """How each event of this trial's users ended."""
        return {event.id: event.outcome_status for event in self.evidence().events}

    def expect(self, holds: bool, otherwise: str) -> None:
        """Check that a condition holds.

        Raises:
            BrokenPromise: it does not hold
        """
        if not holds:
            raise BrokenPromise(otherwise)


def said_of(act: Act) -> dict[str, Any]:
    """An act as the app sends it."""
    return {
        "event_type": act.event_type,
        "client_generated_id": act.id,
        "timestamp": datetime.now(UTC).isoformat(),
        "data": dict(act.data),
    }


def body_of(act: Act, **more: Any) -> bytes:
    """An act as a message's body."""
    said: Mapping[str, Any] = {**said_of(act), "user_id": act.user, **more}
    return json.dumps(said).encode()
