"""Runs the unchanged reference consumer with witnesses of what it received and applied.

Every delivery is written to a file before the consumer gets it, in the order of arrival and with
repeats. Triggers of the consumer's own store count every application in the transaction that applies
it. Neither a kill nor a mistake of the consumer can hide one.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from pika.spec import Basic, BasicProperties

from local.banking.chaos import sabotage
from local.banking.consumer import cli
from local.banking.consumer.inbox import Inbox
from local.banking.consumer.worker import Worker

DELIVERIES = "CHAOS_DELIVERIES"
"""The variable with the path of the file of deliveries."""
COUNT_APPLICATIONS = """
CREATE TABLE IF NOT EXISTS applications (
    number INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT, customer_id TEXT, sequence INTEGER,
    epoch INTEGER
);
CREATE TRIGGER IF NOT EXISTS applied_first AFTER INSERT ON seen_events
WHEN new.outcome = 'processed' BEGIN
    INSERT INTO applications (event_id, customer_id, sequence, epoch)
    VALUES (new.event_id, new.customer_id, new.sequence, new.epoch);
END;
CREATE TRIGGER IF NOT EXISTS applied_again AFTER UPDATE OF applied_at ON seen_events
WHEN new.outcome = 'processed' BEGIN
    INSERT INTO applications (event_id, customer_id, sequence, epoch)
    VALUES (new.event_id, new.customer_id, new.sequence, new.epoch);
END;
"""


class WitnessedInbox(Inbox):
    """The consumer's store. It counts how often each event was applied."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._db.executescript(COUNT_APPLICATIONS)


class WitnessedWorker(Worker):
    """The consumer's loop. It records each delivery first."""

    def _receive(
        self, broker: Any, method: Basic.Deliver, properties: BasicProperties, body: bytes
    ) -> None:
        with Path(os.environ[DELIVERIES]).open("ab", buffering=0) as file:
            file.write(delivery_line(method, properties, body))
        super()._receive(broker, method, properties, body)


def delivery_line(method: Basic.Deliver, properties: BasicProperties, body: bytes) -> bytes:
    """One delivery as a line of JSON."""
    message = json.loads(body)
    headers = properties.headers or {}
    facts = {
        "event_id": message["event_id"],
        "event_type": message["event_type"],
        "subject": message["data"].get("customer_id") or message["data"].get("consumer_id"),
        "name": message["data"].get("name"),
        "sequence": message["metadata"]["sequence"],
        "epoch": message["metadata"]["epoch"],
        "at": time.time(),
        "redelivered": bool(method.redelivered),
        "publish_try": headers.get("publish_try_count"),
        "deliver_try": headers.get("deliver_try_count"),
    }
    return json.dumps(facts).encode() + b"\n"


def main(argv: list[str]) -> int:
    """Run the consumer with its witnesses."""
    sabotage.commit(os.environ)
    vars(cli).update(Inbox=WitnessedInbox, Worker=WitnessedWorker)
    return cli.run(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
