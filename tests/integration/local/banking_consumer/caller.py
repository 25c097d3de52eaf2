"""A bank's program that is called, and Fintegrate's side of it, signed by the reference library."""

from __future__ import annotations

import base64
import json
import re
import secrets
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook

from tests.integration.local.banking_consumer.bank import Bank

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


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


@dataclass
class Called:
    """A bank's program in webhook mode; `start` may be called again."""

    bank: Bank
    secret: str = field(default_factory=new_secret)
    port: int = 0

    def start(self, *options: str, **environment: str) -> tuple[Caller, subprocess.Popen[str]]:
        given = {"FINTEGRATE_API_KEY": "", "WEBHOOK_SECRET": self.secret, **environment}
        mode = ("--delivery", "webhook", "--port", str(self.port))
        process = self.bank.start(*mode, *options, **given)
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"called at (http://127\.0\.0\.1:(\d+)/events)", line)
        assert found, line + process.stdout.read()
        self.port = int(found[2])
        return Caller(found[1], (self.secret,)), process
