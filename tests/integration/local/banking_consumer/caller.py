"""Fintegrate's side of a webhook: calls a bank's program, signed by the reference library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook

NOW = timedelta()


@dataclass(frozen=True)
class Caller:
    """Calls `url`; signs with `secrets`, the newest first."""

    url: str
    secrets: tuple[str, ...]

    def call(
        self, message: Mapping[str, Any] | bytes, *, ago: timedelta = NOW, **headers: str
    ) -> httpx.Response:
        """Call with one message; `headers` have underscores, and win over those made here."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        event_id = "raw" if isinstance(message, bytes) else message["event_id"]
        when = datetime.now(UTC) - ago
        signatures = [
            Webhook(secret).sign(event_id, when, body.decode("utf-8", "ignore"))
            for secret in self.secrets
        ]
        made = {
            "content-type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(when.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.post(
            self.url, content=body, headers={**made, **given}, timeout=30, trust_env=False
        )
