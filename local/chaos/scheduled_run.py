"""A task of a process: one run of a scheduled function."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local.aws_shapes.lambda_context import LambdaContext
from local.aws_shapes.scheduled_event import scheduled_event


@dataclass(frozen=True)
class ScheduledRun:
    """Calling it runs the function in this process."""

    name: str

    def __call__(self) -> dict[str, Any]:
        """Its summary."""
        from app import app

        event = scheduled_event(self.name, datetime.now(UTC))
        summary: dict[str, Any] = app.handler_map[self.name](event, LambdaContext(self.name, 60))
        return summary
