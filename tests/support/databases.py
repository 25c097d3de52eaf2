"""Migrated template databases of each system. Each test gets a copy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from local.services.databases import create_database, drop_database, system_databases, with_users
from local.services.settings import settings_environment
from local.services.urls import ServiceUrls


@contextmanager
def migrated_templates(urls: ServiceUrls, suffix: str) -> Iterator[dict[str, str]]:
    """Maps the variable of each system's database to a template to copy.

    Never connect to a template: PostgreSQL cannot copy a database that is in use.
    """
    names = {each.setting: f"template_{each.name}_{suffix}" for each in system_databases()}
    try:
        users: dict[str, str] = {}
        for setting, name in names.items():
            users |= with_users(urls, create_database(urls, name), setting)
        migrate(settings_environment(urls, **users, API_KEY_BCRYPT_COST="4"))
        yield names
    finally:
        for name in names.values():
            drop_database(urls, name)


def migrate(environment: Mapping[str, str]) -> None:
    """Make the users of all databases and migrate them, as a deployment does."""
    done = subprocess.run(
        [sys.executable, "-m", "chalicelib.operations.migrate"],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
