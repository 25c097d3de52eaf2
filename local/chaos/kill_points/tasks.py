"""What a process is started for: one request, one scheduled run, one migration.

Each is what a function environment or the migration step does, in a process of its own; calling a
task does it and gives what it answered. The consumer's task is in `recording`.
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

from local.lambda_context import LambdaContext
from local.proxy_event import IncomingRequest, proxy_event
from local.scheduler import scheduled_event


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

    def __call__(self) -> dict[str, Any]:
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
        answer: dict[str, Any] = app(proxy_event(request), LambdaContext("api_handler", 30))
        return answer


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
        from fintegrate.settings import load_settings

        sys.path.insert(0, str(self.folder))
        return apply_migrations(load_settings(os.environ))


@dataclass(frozen=True)
class Outage:
    """Customers who arrive and change twice while the broker is away; run it with `NO_BROKER`."""

    key: str = field(repr=False)
    customers: int

    def __call__(self) -> int:
        """How many events wait now; raises `RuntimeError` when a request is refused."""
        for _ in range(self.customers):
            created = self._data("POST", "/customer/data", {"name": "Jane Roe"})
            for status in ("INACTIVE", "ACTIVE"):
                change = {"customer_id": created["customer_id"], "status": status}
                self._data("PATCH", "/customer/change-status", change)
        return 3 * self.customers

    def _data(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = Request(method, path, self.key, body)()
        if answer["statusCode"] >= 300:
            raise RuntimeError(f"{method} {path}: {answer['statusCode']} {answer['body']}")
        data: dict[str, Any] = json.loads(answer["body"])["data"]
        return data


NO_BROKER = {"RABBITMQ_URL": "amqp://127.0.0.1:1/%2F"}
"""An address where nobody listens."""
