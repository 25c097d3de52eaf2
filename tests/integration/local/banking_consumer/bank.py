"""One bank on the real broker: queues as the contract has them, its consumer as a program."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pika

from local.services.amqp import channel_on
from tests.integration.local.banking_consumer.fake_api import FakeApi
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parents[4]
KEY = "fk_test_this-is-the-secret"
PATIENCE_SECONDS = 30.0


@dataclass
class Bank:
    """The queue of one consumer, its store and the processes that read for it."""

    rabbitmq_url: str
    api: FakeApi
    folder: Path
    name: str = field(default_factory=lambda: f"bank_{uuid4().hex[:12]}")
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._opened = ExitStack()
        self._channel = self._opened.enter_context(channel_on(self.rabbitmq_url))
        self._channel.confirm_delivery()

    @property
    def queue(self) -> str:
        return f"customer_notification_{self.name}"

    def declare(self) -> None:
        arguments = {
            "x-queue-type": "quorum",
            "x-single-active-consumer": True,
            "x-message-ttl": 86_400_000,
            "x-max-length": 100_000,
            "x-overflow": "reject-publish",
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": f"{self.queue}_DLQ",
            "x-dead-letter-strategy": "at-least-once",
        }
        self._channel.queue_declare(f"{self.queue}_DLQ", durable=True)
        self._channel.queue_declare(self.queue, durable=True, arguments=arguments)

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate()
        self._channel.queue_delete(self.queue)
        self._channel.queue_delete(f"{self.queue}_DLQ")
        self._opened.close()

    def publish(self, *bodies: dict[str, Any] | bytes) -> None:
        for body in bodies:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            properties = pika.BasicProperties(
                delivery_mode=2, headers={"schema_version": "1.0", "traceparent": "00-1-2-01"}
            )
            self._channel.basic_publish("", self.queue, raw, properties, mandatory=True)

    def dead_letters(self) -> list[bytes]:
        found = []
        while True:
            method, _, body = self._channel.basic_get(f"{self.queue}_DLQ", auto_ack=True)
            if method is None or body is None:
                return found
            found.append(body)

    def await_dead_letters(self, count: int) -> list[bytes]:
        """So many dead letters, as soon as they are there; no more of them."""
        found: list[bytes] = []
        eventually(lambda: len(found.extend(self.dead_letters()) or found) >= count)
        assert len(found) == count
        return found

    def start(self, *options: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "local.banking.consumer", self.name),
                *("--store", str(self.store), "--retry-base", "0.02", *options),
            ],
            cwd=ROOT,
            env={
                **os.environ,
                "BASE_URL": self.api.base_url,
                "BROKER_URL": self.rabbitmq_url,
                "FINTEGRATE_API_KEY": KEY,
                "PYTHONUNBUFFERED": "1",
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.processes.append(process)
        return process

    def run(self, *options: str, **environment: str) -> tuple[int, str]:
        """Run the consumer to its end; returns its status and all it printed."""
        process = self.start(*options, **environment)
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)
        assert KEY not in output
        return process.returncode, output

    def stop(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)
        return process.returncode, output

    @property
    def store(self) -> Path:
        return self.folder / f"{self.name}.sqlite3"

    def stored(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.store)) as database:
            return database.execute(sql).fetchall()


def message(
    sequence: int = 1, customer_id: str | None = None, event_type: str = "customer_creation"
) -> dict[str, Any]:
    return {
        "schema_version": "1.0",
        "event_id": str(uuid4()),
        "event_type": event_type,
        "data": {
            "customer_id": customer_id or str(uuid4()),
            "name": "Ann Example",
            "status": "ACTIVE",
        },
        "metadata": {
            "created_at": "2026-01-02T03:04:05.000006+00:00",
            "sequence": sequence,
            "source_service": "POST: /customer/data",
        },
    }
