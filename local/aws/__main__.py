"""`python -m local.aws`."""

from __future__ import annotations

from local.aws.cli import app

app()
