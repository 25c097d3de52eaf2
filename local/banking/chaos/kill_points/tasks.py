"""The tasks of a process: one request, one migration or one consumer.

Each does in its own process what a function environment, the migration step or the bank does. Calling
a task runs it and returns its answer.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.aws_shapes.lambda_context import LambdaContext
from local.aws_shapes.queue_event import Message, queue_event
from local.banking.chaos.tenants import Tenant
from local.banking.client import JSON, Reply, encoded, read_reply
from local.banking.in_process import api_event, invoke

GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Request:
    """One request to the API's function, as the gateway passes it."""

    method: str
    path: str
    key: str = field(repr=False)
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def __call__(self) -> Reply:
        """The function's answer."""
        headers = {"X-API-Key": self.key, **JSON, **self.headers}
        answer = invoke(api_event(self.method, self.path, headers, encoded(self.body)))
        return read_reply(answer["statusCode"], answer["headers"], answer["body"])


@dataclass(frozen=True)
class Migration:
    """A database's users and its migrations, with the files of a folder that holds `fintegrate_sql`."""

    folder: Path

    def __call__(self) -> list[str]:
        """What was applied."""
        from chalicelib import systems
        from chalicelib.operations.migrate import apply_migrations, prepare_databases

        systems.served.use(None)  # the forking process may serve other systems
        sys.path.insert(0, str(self.folder))
        prepare_databases(os.environ)
        return apply_migrations(os.environ)


@dataclass(frozen=True)
class Settlement:
    """What `broker_admin` does after a nudge: it makes the broker's users what the database wants."""

    def __call__(self) -> None:
        """Have it done."""
        import pika

        from chalicelib.banking.broker.nudges import QUEUE
        from chalicelib.banking.handlers import broker_admin

        nudge = Message(b'{"errand": "settle"}', pika.BasicProperties(), False, 1)
        broker_admin(queue_event(QUEUE, "/", [nudge]), LambdaContext("broker_admin", 60))


@dataclass(frozen=True)
class Stored:
    """Files of banking's bucket, read as the functions read them."""

    keys: tuple[str, ...]

    def __call__(self) -> list[list[dict[str, Any]] | None]:
        """The lines of each; None if it is not there. A manifest is one line."""
        from chalicelib.banking.wiring import parts

        store = parts().object_store.require()
        return [_lines(store.get(key)) for key in self.keys]


def _lines(body: bytes | None) -> list[dict[str, Any]] | None:
    if body is None:
        return None
    text = gzip.decompress(body) if body.startswith(GZIP) else body
    return [json.loads(line) for line in text.splitlines()]


@dataclass(frozen=True)
class Consumption:
    """A tenant's reference consumer with its witnesses. It runs until nothing comes for a while."""

    tenant: Tenant
    idle_seconds: float = 0.4

    def __call__(self) -> int:
        """Its exit status."""
        from local.banking.chaos import bank_process

        os.environ[bank_process.DELIVERIES] = str(self.tenant.deliveries)
        os.environ["BROKER_URL"] = os.environ["RABBITMQ_URL"]  # a trial gives nobody broker access
        store = ["--store", str(self.tenant.store)]
        waits = ["--retry-base", "0.02", "--gap-wait", "1"]
        until = ["--stop-when-idle", str(self.idle_seconds)]
        return bank_process.main([self.tenant.name, *store, *waits, *until])

    @property
    def settings(self) -> dict[str, str]:
        """The variables beyond the common ones."""
        return {"FINTEGRATE_API_KEY": self.tenant.key}
