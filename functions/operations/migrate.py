"""The migration step: brings every database of the package up to date, then what else a system needs.

Runs as a function before traffic moves, and as `python -m chalicelib.operations.migrate` in the
harness. Safe to run again, and by two at once.
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
    """Apply what is missing; the names of the migrations that were applied now."""
    return {"applied": apply_migrations(os.environ)}


def apply_migrations(environment: Mapping[str, str]) -> list[str]:
    """As `run_migrations`, with the settings given: all systems of the package, one after the other.

    Raises:
        MigrationFailed: a migration failed and left nothing; its text names the statement.
        SettingsError: a setting is missing.
        ValueError: a setting that a system installs is malformed.
    """
    from fintegrate.migrations import migrate  # not a request's: its cold start is spared it

    applied: list[str] = []
    for system in systems.served():
        settings = load(system.configuration, environment)
        for database in system.databases:
            url = getattr(settings, database.setting.lower())
            applied += migrate(url, migrations_folder(database), database.setting)
        system.after_migrations(settings)
    return applied


def migrations_folder(database: SystemDatabase) -> Path:
    """Where they lie in the package `fintegrate_sql`: beside the layer's own code, here and in AWS."""
    own = Path("fintegrate_sql", database.folder, "migrations")
    return next(folder for entry in sys.path if (folder := Path(entry) / own).is_dir())


if __name__ == "__main__":
    from fintegrate.migrations import MigrationFailed

    try:
        for name in apply_migrations(os.environ):
            sys.stdout.write(f"applied {name}\n")
    except (MigrationFailed, SettingsError, ValueError) as error:
        sys.exit(f"migration failed: {error}")
