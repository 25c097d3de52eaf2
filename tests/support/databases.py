"""Migrated template databases of each system. Each test gets a copy."""

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
    """Maps the variable of each system's database to a template to copy.

    Never connect to a template: PostgreSQL cannot copy a database that is in use.
    """
    names = {each.setting: f"template_{each.name}_{suffix}" for each in system_databases()}
    try:
        made = {setting: create_database(urls, name) for setting, name in names.items()}
        migrate(settings_environment(urls, **made, API_KEY_BCRYPT_COST="4"))
        yield names
    finally:
        for name in names.values():
            drop_database(urls, name)


def migrate(environment: Mapping[str, str]) -> None:
    """Migrate the databases of all systems to the newest version, as a deployment does."""
    done = subprocess.run(
        [sys.executable, "-m", "chalicelib.operations.migrate"],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
