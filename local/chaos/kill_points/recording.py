"""The reference consumer with a memory of its own: what arrived, and how often each was applied.

Arrivals are written down before the consumer looks at them; applications are counted by a trigger in
its store, in the very transaction of its work. Both survive its death.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.consumer import cli
from local.consumer.inbox import Inbox
from local.consumer.worker import Worker

_COUNT = """
CREATE TABLE IF NOT EXISTS applications (event_id TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS applied AFTER INSERT ON seen_events
    BEGIN INSERT INTO applications VALUES (new.event_id); END;
CREATE TRIGGER IF NOT EXISTS applied_again AFTER UPDATE OF applied_at ON seen_events
    BEGIN INSERT INTO applications VALUES (new.event_id); END;
"""


@dataclass(frozen=True)
class Arrival:
    """One delivery as it came; `redelivered` means that the broker had handed it out before."""

    event_id: str
    customer_id: str
    sequence: int
    redelivered: bool


class RecordingWorker(Worker):
    """A worker that writes down what arrives."""

    arrivals: Path

    def _receive(self, broker: Any, method: Any, properties: Any, body: bytes) -> None:
        headers = properties.headers or {}
        line = {
            "event_id": properties.message_id,
            "customer_id": headers["customer_id"],
            "sequence": headers["sequence"],
            "redelivered": bool(method.redelivered),
        }
        with self.arrivals.open("a") as file:
            file.write(json.dumps(line) + "\n")
        super()._receive(broker, method, properties, body)


@dataclass(frozen=True)
class Consumption:
    """A task: the consumer of one bank, until nothing has come for a while."""

    name: str
    folder: Path
    idle_seconds: float = 0.4

    def __call__(self) -> int:
        """Its exit status."""
        RecordingWorker.arrivals = self.folder / f"{self.name}.arrivals"
        vars(cli)["Worker"] = RecordingWorker  # in this process, which does nothing else
        store = self.folder / f"{self.name}.sqlite3"
        with Inbox(store), closing(sqlite3.connect(store)) as database:
            database.executescript(_COUNT)
        options = ["--store", str(store), "--retry-base", "0.02", "--gap-wait", "5"]
        return cli.run([self.name, *options, "--stop-when-idle", str(self.idle_seconds)])

    def arrivals(self) -> list[Arrival]:
        """Every delivery so far, in the order of arrival."""
        file = self.folder / f"{self.name}.arrivals"
        lines = file.read_text().splitlines() if file.exists() else []
        return [Arrival(**json.loads(line)) for line in lines]

    def applications(self) -> list[str]:
        """The event of each application so far."""
        store = self.folder / f"{self.name}.sqlite3"
        if not store.exists():
            return []
        with closing(sqlite3.connect(store)) as database:
            return [row[0] for row in database.execute("SELECT event_id FROM applications")]
