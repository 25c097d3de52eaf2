"""The event of a schedule rule (EventBridge user guide, "Scheduled Event")."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from local.aws_shapes.account import ACCOUNT, REGION


def scheduled_event(name: str, moment: datetime) -> dict[str, Any]:
    """The event of the rule of that name at that moment."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"],
        "detail": {},
    }
