"""A cell runs kill points: a database, an API server on it, and processes that come and go.

Several cells work side by side. Each runs one point at a time, so a sweep of all tenants finds only
what this point has left.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fintegrate.queries import queries_beside
from local.banking.chaos.receiver import Receiver, receiving
from local.chaos.boundaries import Boundary
from local.chaos.looking import rows
from local.chaos.processes import Ended, Task, TaskProcess
from local.services.databases import create_database, drop_database, with_users
from local.services.settings import settings_environment
from local.services.urls import ServiceUrls
from local.serving.server import start_server

SETTINGS = {
    "SYSTEM": "banking",
    "SCHEDULER": "off",
    "QUEUES": "off",  # the cells share a broker: a nudge would reach the server of another
    "STAGE": "local",
    "WEBHOOK_RETRY_SECONDS": "0",
    "WEBHOOK_TEST_WAIT_SECONDS": "1",
    "WEBHOOK_DELIVER_SECONDS": "10",
    "LOG_LEVEL": "WARNING",
    "API_KEY_BCRYPT_COST": "4",
    "PUBLISH_HANDOFF_SECONDS": "1",
    "RATE_LIMIT_IP_PER_MINUTE": "1000000",
    "RATE_LIMIT_API_KEY_PER_MINUTE": "6000000",
    "RATE_LIMIT_API_KEY_BURST": "1000000",
}
IMPORTS = (
    "local.banking.chaos.kill_points.tasks",
    "app",
    "local.banking.chaos.bank_process",
    "redis",
)
NOTHING: Mapping[str, str] = {}
SQL = queries_beside(__name__)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Cell:
    """A place to run kill points. `folder` holds its consumers' stores and its processes' log.

    `receiver` serves the banks that are called. It does not die.
    """

    urls: ServiceUrls
    environment: dict[str, str]
    base_url: str
    folder: Path
    receiver: Receiver

    @property
    def url(self) -> str:
        """The database, with all rights."""
        return self.environment["DATABASE_MASTER_URL"]

    @property
    def admin_key(self) -> str:
        return self.environment["ADMIN_API_KEY"]

    def start(
        self,
        task: Task,
        settings: Mapping[str, str] = NOTHING,
        boundary: Boundary | None = None,
        death: signal.Signals = signal.SIGKILL,
    ) -> TaskProcess:
        """Start a process with its task. It may be killed at a boundary."""
        environment = {**self.environment, "BASE_URL": self.base_url, **settings}
        log = self.folder / "processes.log"
        return TaskProcess(task, environment, log, boundary, death, IMPORTS)

    def run(
        self, task: Task, settings: Mapping[str, str] = NOTHING, boundary: Boundary | None = None
    ) -> Ended:
        """Start such a process and wait for its end.

        Raises:
            TaskFailed: the process failed or took too long
        """
        return self.start(task, settings, boundary).wait()

    def query(self, statement: str, **parameters: Any) -> list[dict[str, Any]]:
        """Rows of a statement of this module's `.sql` file, read without the functions."""
        return query(self.url, statement, **parameters)


def query(url: str, statement: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of such a statement on any database."""
    return rows(url, SQL[statement], **parameters)


@contextmanager
def open_cell(urls: ServiceUrls, template: str, folder: Path) -> Iterator[Cell]:
    """Open a cell on a copy of a migrated database, and remove it after the block."""
    name = f"chaos_cell_{os.getpid()}_{next(_numbers)}"
    url = create_database(urls, name, template)
    own = folder / name
    own.mkdir()
    try:
        with receiving() as receiver:
            users = with_users(urls, url)
            allowed = {"WEBHOOK_ALLOW_HOSTS": receiver.address}
            environment = {**settings_environment(urls, **users), **SETTINGS, **allowed}
            with start_server(environment) as server:
                yield Cell(urls, environment, server.base_url, own, receiver)
    finally:
        drop_database(urls, name)
