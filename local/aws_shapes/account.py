"""The account and the region that everything of the harness claims to be in."""

from __future__ import annotations

ACCOUNT = "000000000000"
REGION = "eu-central-1"
