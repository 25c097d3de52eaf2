"""Databases for tests: of each system's one that the migrations made, to be copied for each test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from local.services.databases import create_database, drop_database, system_databases
from local.services.settings import settings_environment
from local.services.urls import ServiceUrls


@contextmanager
def migrated_templates(urls: ServiceUrls, suffix: str) -> Iterator[dict[str, str]]:
    """Variable of a system's database → the name of one to copy, never to connect to."""
    names = {each.setting: f"template_{each.name}_{suffix}" for each in system_databases()}
    try:
        made = {setting: create_database(urls, name) for setting, name in names.items()}
        migrate(settings_environment(urls, **made, API_KEY_BCRYPT_COST="4"))
        yield names
    finally:
        for name in names.values():
            drop_database(urls, name)


def migrate(environment: Mapping[str, str]) -> None:
    """Bring the databases of all systems to the newest version, as a deployment does."""
    done = subprocess.run(
        [sys.executable, "-m", "chalicelib.operations.migrate"],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
