"""The testbed of a run of app.events: functions, queues, schedules, and users with their posts."""

from __future__ import annotations

import threading
import time
import uuid
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import httpx

from local.appevents.chaos.calls import App, NotAnswered
from local.appevents.chaos.environment import (
    BROKER,
    environment_on,
    master_of,
    migrated,
    unique,
    virtual_host,
)
from local.appevents.chaos.gathering import Source
from local.appevents.chaos.haste import HEARTBEAT_SECONDS
from local.appevents.chaos.owner import Owner
from local.appevents.chaos.store import Objects
from local.appevents.chaos.stories import World
from local.appevents.chaos.tap import Tap
from local.appevents.own_databases import SERVICES
from local.chaos import testbed
from local.chaos.members import Member, ProgramMember
from local.chaos.sabotage import VARIABLE
from local.services.running import RunningServices

ANSWER_SECONDS, PAUSE_SECONDS = 15.0, 0.5
"""How long the ledger is asked for while it says 503, and how often."""
SETTINGS = {
    "QUEUES": "off",  # separate processes feed them
    "APP_RETRY_SECONDS": "0.5,1,1,2,2",
    "PUBLISH_HANDOFF_SECONDS": "2",
    "APP_SWEEP_SECONDS": "4",
    "PASSCODE_TRIES": "100000",
    "PASSCODE_ALL_FEEDS_TRIES": "100000",
    "VIDEOS_UNDER_WAY": "100000",
    "PASSCODE_OWNER_TRIES": "100000",
    "DATABASE_STATEMENT_TIMEOUT_MS": "4000",
}
STORE = "OBJECT_STORE_ENDPOINT"
POSTS = 3
READY_TRIES = 60


class Testbed(testbed.Testbed):
    """Everything that one run uses.

    Attributes:
        environment: the functions' settings, past the proxies
        source: where the evidence is found
        queues: processes that feed the functions of queues
        world: the users and what they know of
        owner: whose feed is behind a passcode
    """

    def __init__(
        self, services: RunningServices, name: str, folder: Path, sabotage: str = ""
    ) -> None:
        self._opened = ExitStack()
        own = unique(name)
        databases = self._opened.enter_context(migrated(services.urls, own))
        self._opened.enter_context(virtual_host(services.urls, own))
        super().__init__(services, name, folder, databases["notify"])
        self.proxies["objects"] = testbed.proxy_of(services.servers["objects"])
        self.environment = environment_on(services.urls, databases, own, **SETTINGS)
        self.source = Source(
            self.environment,
            Tap(self.environment),
            Objects(self.environment, self.environment[STORE]),
        )
        behind = {
            **self.behind(self.environment, *(each.setting for each in SERVICES.values())),
            BROKER: self.proxies["broker"].through(self.environment[BROKER]),
            STORE: self.proxies["objects"].through(self.environment[STORE]),
            VARIABLE: sabotage,
        }
        package = "local.appevents.chaos"
        self.functions = [
            self.function(number, [f"{package}.function_process"], behind) for number in range(2)
        ]
        self.schedules = [self.program("schedules 0", [f"{package}.schedule_process"], behind)]
        dropped = {"RABBITMQ_URL": f"{behind['RABBITMQ_URL']}?heartbeat={HEARTBEAT_SECONDS}"}
        self.queues: list[ProgramMember] = [
            self.program(f"queues {number}", [f"{package}.queue_process"], {**behind, **dropped})
            for number in range(2)
        ]
        self.world: World
        self.owner: Owner

    @property
    def platform(self) -> list[Member]:
        return [*super().platform, *self.queues]

    def database_of(self, random: Random) -> str:
        """One of the services' databases, with all rights."""
        return master_of(self.environment, random.choice(list(SERVICES)))

    def open(self, users: int, seed: int, stopping: threading.Event) -> None:
        """Start the processes, open the tap, and make users with posts and a hidden feed."""
        self.source.tap.open()
        self.start_platform()
        random = Random(f"{seed} world")  # noqa: S311  # repeatable
        names = [_uuid(random) for _ in range(users)]
        author, owner = _uuid(random), _uuid(random)
        posts = [self._post(random, author) for _ in range(POSTS)]
        self.world = World(names, owner, posts, self._post(random, owner))
        app = App(self.base_urls, self.environment, random)
        self.owner = Owner(self.world, _uuid(random), app, random, stopping)
        self._hide()

    def reconciliation(self) -> dict[str, Any]:
        """The system's own ledger. A connection that a fault has cut may cost a try."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while (answer := self._reconcile()).status_code == 503 and time.monotonic() < deadline:
            time.sleep(PAUSE_SECONDS)
        found: dict[str, Any] = answer.raise_for_status().json()["data"]
        return found

    def _reconcile(self) -> httpx.Response:
        return httpx.get(
            f"{self.base_urls[0]}/api/v1/ops/reconcile",
            headers={"X-API-Key": self.environment["ADMIN_API_KEY"]},
            timeout=30,
            trust_env=False,
        )

    def close(self) -> None:
        """End everything and remove the databases and the virtual host."""
        super().close()
        self._opened.close()

    def _post(self, random: Random, owner: str) -> str:
        post = _uuid(random)
        self.source.query("video", "know_owner", owner=owner)
        self.source.query("video", "write_post", post=post, owner=owner, public=True)
        return post

    def _hide(self) -> None:
        """The owner's feed is behind a passcode before anybody looks."""
        for _ in range(READY_TRIES):
            try:
                if self.owner.change():
                    return
            except NotAnswered:
                continue
        raise RuntimeError("the owner could not hide the feed before the faults began")


def _uuid(random: Random) -> str:
    return str(uuid.UUID(int=random.getrandbits(128), version=4))
