"""Runs a scheduled function in this process, as its schedule does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from local.aws_shapes.lambda_context import LambdaContext
from local.aws_shapes.scheduled_event import scheduled_event


def run_schedule(name: str) -> dict[str, Any]:
    """Pass a real EventBridge event to the scheduled function of this name; return its summary."""
    from app import app

    event = scheduled_event(name, datetime.now(UTC))
    summary: dict[str, Any] = app.handler_map[name](event, LambdaContext(name, 60))
    return summary
