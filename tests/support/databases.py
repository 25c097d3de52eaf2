"""Databases for tests: one that the migrations made, to be copied for each test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from local.services.running import ServiceUrls, create_database, drop_database, settings_environment


@contextmanager
def migrated_template(urls: ServiceUrls, name: str) -> Iterator[str]:
    """A database to copy, never to connect to; removed after the block."""
    url = create_database(urls, name)
    migrate(settings_environment(urls, DATABASE_URL=url, API_KEY_BCRYPT_COST="4"))
    yield name
    drop_database(urls, name)


def migrate(environment: dict[str, str]) -> None:
    """Bring a database to the newest version, as a deployment does."""
    done = subprocess.run(
        [sys.executable, "-m", "chalicelib.operations.migrate"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
