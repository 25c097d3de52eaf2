"""The migration step: brings the schema up to date and installs the admin's key.

Runs as a function before traffic moves, and as `python -m chalicelib.operations.migrate` in the
harness. Safe to run again, and by two at once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from chalicelib.banking.consumer.admin_key import install_admin_key
from chalicelib.operations.blueprint import operations
from fintegrate.database import Database
from fintegrate.settings import Settings, SettingsError, load_settings


@operations.lambda_function(name="migrate")
def run_migrations(_event: Any, _context: Any) -> dict[str, list[str]]:
    """Apply what is missing; the names of the migrations that were applied now."""
    return {"applied": apply_migrations(load_settings(os.environ))}


def apply_migrations(settings: Settings) -> list[str]:
    """As `run_migrations`, with the settings given.

    Raises:
        MigrationError: a migration failed and left nothing; its text names the statement.
        ValueError: the admin's key in the settings is malformed.
    """
    from fintegrate.migrations import migrate  # not a request's: its cold start is spared it

    applied = migrate(settings.database_url, migrations_folder())
    if settings.admin_api_key:
        install_admin_key(
            Database(settings.database_url), settings.admin_api_key, settings.api_key_bcrypt_cost
        )
    return applied


def migrations_folder() -> Path:
    """Where the package `fintegrate_sql` lies: beside the layer's own code, here and in AWS."""
    folders = (Path(entry) / "fintegrate_sql" / "banking" / "migrations" for entry in sys.path)
    return next(folder for folder in folders if folder.is_dir())


if __name__ == "__main__":
    from fintegrate.migrations import MigrationError

    try:
        for name in apply_migrations(load_settings(os.environ)):
            sys.stdout.write(f"applied {name}\n")
    except (MigrationError, SettingsError, ValueError) as error:
        sys.exit(f"migration failed: {error}")
