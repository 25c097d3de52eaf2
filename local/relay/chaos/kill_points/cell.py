"""A cell runs kill points of the relay: a database of its own, and processes that come and go."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from local.chaos.boundaries import Boundary
from local.chaos.processes import Ended, Task, TaskProcess
from local.relay.chaos.environment import MASTER, environment_on, unique
from local.services.databases import create_database, drop_database
from local.services.urls import ServiceUrls

SETTINGS = {
    "RELAY_RETRY_SECONDS": ",".join(["0"] * 20),
    "RELAY_TIMEOUT_SECONDS": "5",
    "RELAY_DELIVER_SECONDS": "5",
}
IMPORTS = (
    "local.relay.chaos.kill_points.tasks",
    "app",
    "redis",
    "chalicelib.relay.delivery.deliver",
    "chalicelib.relay.ingest.intake",
)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Cell:
    """A place to run kill points. `folder` holds its processes' log."""

    environment: Mapping[str, str]
    platforms_url: str
    folder: Path

    @property
    def url(self) -> str:
        """The database, with all rights."""
        return self.environment[MASTER]

    def run(self, task: Task, boundary: Boundary | None = None) -> Ended:
        """Do a task in a process of its own, which may be killed at a boundary; wait for its end.

        Raises:
            TaskFailed: the process failed or took too long
        """
        log = self.folder / "processes.log"
        return TaskProcess(task, self.environment, log, boundary, imports=IMPORTS).wait()


@contextmanager
def open_cell(urls: ServiceUrls, template: str, folder: Path, platforms_url: str) -> Iterator[Cell]:
    """Open a cell on a copy of a migrated database, and remove it after the block."""
    name = unique(f"cell_{next(_numbers)}")
    url = create_database(urls, name, template)
    environment = environment_on(urls, url, [urlsplit(platforms_url).netloc], **SETTINGS)
    own = folder / name
    own.mkdir()
    try:
        yield Cell(environment, platforms_url, own)
    finally:
        drop_database(urls, name)
