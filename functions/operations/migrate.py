"""The migration step: migrates every database of the package, then does what else a system needs.

Runs as a function before traffic moves, and as `python -m chalicelib.operations.migrate` in the
harness. It is safe to repeat and to run twice at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chalicelib import systems
from chalicelib.operations.blueprint import operations
from fintegrate.settings import SettingsError, load
from fintegrate.system import SystemDatabase


@operations.lambda_function(name="migrate")
def run_migrations(_event: Any, _context: Any) -> dict[str, list[str]]:
    """Apply the missing migrations and return their names."""
    return {"applied": apply_migrations(os.environ)}


def apply_migrations(environment: Mapping[str, str]) -> list[str]:
    """Like `run_migrations`, with the settings of `environment`, for one system after the other.

    Raises:
        MigrationFailed: a migration failed and left nothing; the text names the statement.
        SettingsError: a setting is missing.
        ValueError: a setting that a system installs is malformed.
    """
    from fintegrate.migrations import migrate  # here, to spare the cold start of requests

    applied: list[str] = []
    for system in systems.served():
        settings = load(system.configuration, environment)
        for database in system.databases:
            url = getattr(settings, database.setting.lower())
            applied += migrate(url, migrations_folder(database), database.setting, database.name)
        system.after_migrations(settings)
    return applied


def migrations_folder(database: SystemDatabase) -> Path:
    """The folder in the package `fintegrate_sql`, beside the layer's code here and in AWS."""
    own = Path("fintegrate_sql", database.folder, "migrations")
    for entry in sys.path:
        if (folder := Path(entry) / own).is_dir():
            return folder
    raise ValueError(f"{own} is not on the path; in a checkout run with PYTHONPATH=vendor")


if __name__ == "__main__":
    from fintegrate.migrations import MigrationFailed

    try:
        for name in apply_migrations(os.environ):
            sys.stdout.write(f"applied {name}\n")
    except (MigrationFailed, SettingsError, ValueError) as error:
        sys.exit(f"migration failed: {error}")
