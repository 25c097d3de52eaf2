"""Who films: asks for uploads by request or by event, sends files, and completes some of them."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from local.appevents.chaos.calls import EVENTS, App, NotAnswered, Reply
from local.appevents.chaos.clip import clip
from local.appevents.chaos.evidence import Act, Told

PAUSE_SECONDS = 2.0
TRIES = 60
AGAIN_SECONDS = 0.4


@dataclass
class Filming:
    """A user with so many clips; the last one's upload is never completed."""

    user: str
    app: App
    random: Random
    stopping: threading.Event
    clips: int
    told: list[Told] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)

    def run(self) -> None:
        """One clip after the other; what was begun is ended also after the stop."""
        for number in range(self.clips):
            self._film(abandoned=number + 1 == self.clips)
            if self.stopping.wait(self.random.expovariate(1 / PAUSE_SECONDS)):
                break
        self.app.close()

    def _film(self, *, abandoned: bool) -> None:
        video = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        content = clip()
        data = {"filename": "a.mp4", "content_type": "video/mp4", "size_bytes": len(content)}
        if self.random.random() < 0.5:
            self._tell(Act(self.user, video, "media.upload_requested", data))
        self.asked.append(video)
        body = {**data, "client_generated_id": video}
        offer = self._until(201, lambda: self.app.call(self.user, "POST", "/api/v1/videos", body))
        if offer is None or abandoned:
            return
        complete = f"/api/v1/videos/{video}/complete"
        for _ in range(TRIES):
            try:
                self.app.upload(offer.data["upload"], content)
                reply = self.app.call(self.user, "POST", complete, {})
                if reply.status == 202:
                    self.answered.append(video)
                    return
            except NotAnswered:
                pass
            threading.Event().wait(AGAIN_SECONDS)

    def _tell(self, act: Act) -> None:
        said = {
            "event_type": act.event_type,
            "client_generated_id": act.id,
            "timestamp": datetime.now(UTC).isoformat(),
            "data": dict(act.data),
        }
        for _ in range(TRIES):
            try:
                reply = self.app.call(self.user, "POST", EVENTS, said)
            except NotAnswered:
                self.told.append(Told(act, None))
                threading.Event().wait(AGAIN_SECONDS)
                continue
            status = "duplicate" if reply.data and reply.data["duplicate"] else "accepted"
            self.told.append(Told(act, status if reply.status == 202 else "invalid"))
            return

    def _until(self, status: int, ask: Callable[[], Reply]) -> Reply | None:
        for _ in range(TRIES):
            try:
                reply = ask()
                return reply if reply.status == status else None
            except NotAnswered:
                threading.Event().wait(AGAIN_SECONDS)
        return None
