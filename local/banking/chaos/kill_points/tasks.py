"""What a process is started for: one request, one scheduled run, one migration, one consumer.

Each is what a function environment, the migration step or the bank does, in its own process; calling a
task does it and gives what it answered.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.aws_shapes.lambda_context import LambdaContext
from local.aws_shapes.proxy_event import IncomingRequest, proxy_event
from local.banking.chaos.tenants import Tenant
from local.schedules.scheduler import scheduled_event


@dataclass(frozen=True)
class Reply:
    """An answer of the API; `data` is that of its envelope."""

    status: int
    headers: Mapping[str, str]
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """One request to the API's function, as the gateway hands it over."""

    method: str
    path: str
    key: str = field(repr=False)
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The body, byte for byte the same each time it is sent."""
        return json.dumps(self.body).encode()

    @property
    def all_headers(self) -> dict[str, str]:
        """With the key and the media type."""
        return {"Content-Type": "application/json", "X-API-Key": self.key, **self.headers}

    def __call__(self) -> Reply:
        """The function's answer."""
        from app import app

        request = IncomingRequest(
            method=self.method,
            path=self.path,
            query="",
            headers=list(self.all_headers.items()),
            body=self.content,
            source_ip="127.0.0.1",
            resource=self.path,
            parameters={},
            request_id="kill-point",
        )
        answer = app(proxy_event(request), LambdaContext("api_handler", 30))
        return Reply(answer["statusCode"], answer["headers"], json.loads(answer["body"])["data"])


@dataclass(frozen=True)
class ScheduledRun:
    """One run of a scheduled function."""

    name: str

    def __call__(self) -> dict[str, Any]:
        """Its summary."""
        from app import app

        event = scheduled_event(self.name, datetime.now(UTC))
        summary: dict[str, Any] = app.handler_map[self.name](event, LambdaContext(self.name, 60))
        return summary


@dataclass(frozen=True)
class Migration:
    """The migration step, with the migrations of a folder that holds `fintegrate_sql`."""

    folder: Path

    def __call__(self) -> list[str]:
        """What was applied."""
        from chalicelib.operations.migrate import apply_migrations

        sys.path.insert(0, str(self.folder))
        return apply_migrations(os.environ)


@dataclass(frozen=True)
class Consumption:
    """The reference consumer of a tenant, with its witnesses, until nothing came for a while."""

    tenant: Tenant
    idle_seconds: float = 0.4

    def __call__(self) -> int:
        """Its exit status."""
        from local.banking.chaos import bank_process

        os.environ[bank_process.DELIVERIES] = str(self.tenant.deliveries)
        store = ["--store", str(self.tenant.store)]
        waits = ["--retry-base", "0.02", "--gap-wait", "1"]
        until = ["--stop-when-idle", str(self.idle_seconds)]
        return bank_process.main([self.tenant.name, *store, *waits, *until])

    @property
    def settings(self) -> dict[str, str]:
        """What its environment holds beside everybody's."""
        return {"FINTEGRATE_API_KEY": self.tenant.key}
