"""``python -m local.aws``."""

from local.aws.cli import app

app()
