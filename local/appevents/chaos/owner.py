"""An owner whose feed is behind a passcode, and those who may see it or not."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from random import Random

from local.appevents.chaos.calls import ANONYMOUS, App, NotAnswered
from local.appevents.chaos.stories import World

PAUSE_SECONDS = 0.4
ACCESS = "/api/v1/settings/feed-access"


@dataclass
class Owner:
    """Changes the passcode again and again. What was granted before must not be shown afterwards.

    Attributes:
        secrets: all passcodes there were
        leaks: what was shown to who may not see it
    """

    world: World
    viewer: str
    app: App
    random: Random
    stopping: threading.Event
    secrets: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Change, give access, look, until told to stop."""
        token = ""
        while not self.stopping.wait(self.random.expovariate(1 / PAUSE_SECONDS)):
            try:
                if self.change() and token:
                    self._expect_hidden(self.viewer, "a former token", X_Feed_Access=token)
                token = self._token()
                self._expect_hidden(self.viewer, "no token")
                self._expect_hidden(ANONYMOUS, "no name")
                self._expect_hidden(self.world.users[0], "another's token", X_Feed_Access=token)
            except NotAnswered:
                continue
        self.app.close()

    def change(self) -> bool:
        """Give the feed another passcode; whether that holds at once.

        Raises:
            NotAnswered: nobody knows which one it is
        """
        passcode = f"pass-{uuid.UUID(int=self.random.getrandbits(128)).hex}"
        self.secrets.append(passcode)
        body = {"visibility": "passcode", "passcode": passcode}
        reply = self.app.call(self.world.owner, "PUT", ACCESS, body)
        if reply.status != 200:
            self.leaks.append(f"the owner was refused: {reply.status} {reply.words}")
            return False
        self.world.passcode = passcode
        return bool(reply.data["applied"])

    def _token(self) -> str:
        path, body = f"/api/v1/feed/{self.world.owner}/access", {"passcode": self.world.passcode}
        reply = self.app.call(self.viewer, "POST", path, body)
        return str(reply.data["access_token"]) if reply.status == 200 else ""

    def _expect_hidden(self, user: str, what: str, **headers: str) -> None:
        post = self.world.hidden_post
        for path in (f"/api/v1/feed/{self.world.owner}", f"/api/v1/posts/{post}"):
            reply = self.app.call(user, "GET", path, **headers)
            if reply.status == 200:
                self.leaks.append(f"{path} was shown to {user or 'nobody'} with {what}")
        reply = self.app.call(user, "GET", "/api/v1/feed?limit=100")
        if reply.status == 200 and post in {each["post_id"] for each in reply.data["posts"]}:
            self.leaks.append(f"the public feed shows the hidden post to {user or 'nobody'}")
