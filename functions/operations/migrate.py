"""The migration step: migrates every database of the package, then does what else a system needs.

Two functions run before traffic moves: the master makes the users of each database, then the owner
migrates it. In the package of a system that has a virtual host of the broker a third one makes that.
`python -m chalicelib.operations.migrate` does all of it, without the master's URL, or the broker's
administrator's, only the rest. Each is safe to repeat and to run twice at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from chalicelib import systems
from chalicelib.operations.blueprint import operations
from fintegrate.settings import SettingsError, load
from fintegrate.system import SystemDatabase
from fintegrate.system_folders import system_folder

MANAGEMENT = "RABBITMQ_MANAGEMENT_URL"
"""The variable with the broker's management API and its administrator."""


@operations.lambda_function(name="migrate")
def run_migrations(_event: Any, _context: Any) -> dict[str, list[str]]:
    """Apply the missing migrations and return their names."""
    return {"applied": apply_migrations(os.environ)}


@operations.lambda_function(name="prepare_database")
def run_preparation(_event: Any, _context: Any) -> dict[str, list[str]]:
    """Make the users of the databases and return the databases' variables."""
    return {"prepared": prepare_databases(os.environ)}


def run_broker_preparation(_event: Any, _context: Any) -> dict[str, list[str]]:
    """Make the virtual hosts of the broker with their users; return the users."""
    return {"prepared": prepare_brokers(os.environ)}


def prepare_brokers(environment: Mapping[str, str]) -> list[str]:
    """Like `run_broker_preparation`, with the settings of `environment`.

    Raises:
        ManagementUnavailable, ManagementRefused: the broker's administrator gets no success.
        SettingsError: a setting is missing.
    """
    from fintegrate.messaging.virtual_host import put_virtual_host

    prepared: list[str] = []
    for system in systems.served():
        settings = load(system.configuration, environment) if system.brokers else None
        for broker in system.brokers:
            url = broker.url(settings, broker.setting)
            prepared.append(put_virtual_host(broker.url(settings, MANAGEMENT), url))
    return prepared


def prepare_databases(environment: Mapping[str, str]) -> list[str]:
    """Like `run_preparation`, with the settings of `environment`. Raises as `roles.prepare`."""
    from fintegrate.roles import Users, prepare  # here, to spare the cold start of requests

    prepared: list[str] = []
    for system in systems.served():
        settings = load(system.configuration, environment)
        for database in system.databases:
            url = partial(database.url, settings)
            owner, app = url(database.owner_setting), url(database.setting)
            users = Users(url(database.master_setting), owner, app)
            prepare(users, database.name, [url(guest) for guest in database.guest_roles])
            prepared.append(database.setting)
    return prepared


def apply_migrations(environment: Mapping[str, str]) -> list[str]:
    """Like `run_migrations`, with the settings of `environment`, for one system after the other.

    Raises:
        MigrationFailed: a migration failed and left nothing; the text names the statement.
        RolesNotMade: the owner's URL is not of the application's database.
        SettingsError: a setting is missing.
        ValueError: a setting that a system installs is malformed.
    """
    from fintegrate.migrations import migrate  # here, to spare the cold start of requests
    from fintegrate.roles import check_users

    applied: list[str] = []
    for system in systems.served():
        settings = load(system.configuration, environment)
        for database in system.databases:
            owner = database.url(settings, database.owner_setting)
            check_users(owner, database.url(settings, database.setting))
            applied += migrate(owner, migrations_folder(database), database.owner_setting)
        system.after_migrations(settings)
    return applied


def migrations_folder(database: SystemDatabase) -> Path:
    """The folder in the package `fintegrate_sql`, beside the layer's code here and in AWS."""
    return system_folder("fintegrate_sql", f"{database.folder}/migrations")


if __name__ == "__main__":
    from fintegrate.messaging.management import ManagementRefused, ManagementUnavailable
    from fintegrate.migrations import MigrationFailed
    from fintegrate.roles import RolesNotMade

    refused = (ManagementRefused, ManagementUnavailable)
    try:
        if os.environ.get(MANAGEMENT):
            prepare_brokers(os.environ)
        if any(each.master_setting in os.environ for s in systems.served() for each in s.databases):
            prepare_databases(os.environ)
        for name in apply_migrations(os.environ):
            sys.stdout.write(f"applied {name}\n")
    except (MigrationFailed, RolesNotMade, SettingsError, ValueError, *refused) as error:
        sys.exit(f"migration failed: {error}")
