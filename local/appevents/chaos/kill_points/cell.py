"""A cell runs kill points of app.events: databases and queues of its own, processes that come and go."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chalicelib.appevents.handlers import PLACES
from local.appevents.chaos.environment import copied, environment_on, unique, virtual_host
from local.appevents.chaos.gathering import Source
from local.appevents.chaos.store import Objects
from local.appevents.chaos.tap import Tap
from local.chaos.boundaries import Boundary
from local.chaos.processes import Ended, Task, TaskProcess
from local.services.urls import ServiceUrls

SETTINGS = {
    "APP_RETRY_SECONDS": "0.05,0.05,0.05,0.05,0.05",
    "FEED_ACCESS_JWKS_URL": "http://127.0.0.1:9/never-asked",
}
IMPORTS = (
    "local.appevents.chaos.kill_points.tasks",
    "app",
    "redis",
    "jwt",
    *(f"chalicelib.appevents.{place}" for place in sorted({*PLACES.values()})),
    "chalicelib.appevents.notification.receive_events",
    "chalicelib.appevents.video.complete_upload",
)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Cell:
    """A place to run kill points. `folder` holds its processes' log."""

    environment: Mapping[str, str]
    source: Source
    folder: Path

    def run(self, task: Task, boundary: Boundary | None = None) -> Ended:
        """Do a task in a process of its own, which may be killed at a boundary; wait for its end.

        Raises:
            TaskFailed: the process failed or took too long
        """
        log = self.folder / "processes.log"
        return TaskProcess(task, self.environment, log, boundary, imports=IMPORTS).wait()


@contextmanager
def open_cell(urls: ServiceUrls, templates: Mapping[str, str], folder: Path) -> Iterator[Cell]:
    """Open a cell on copies of migrated databases, and remove it after the block."""
    name = unique(f"cell{next(_numbers)}")
    with copied(urls, name, templates) as databases, virtual_host(urls, name):
        environment = environment_on(urls, databases, name, **SETTINGS)
        tap = Tap(environment)
        objects = Objects(environment, environment["OBJECT_STORE_ENDPOINT"])
        own = folder / name
        own.mkdir()
        cell = Cell(environment, Source(environment, tap, objects), own)
        tap.open()
        yield cell
