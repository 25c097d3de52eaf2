"""Migrates one database up to the newest version, or one migration down.

It works on this checkout's servers, or on the database whose owner's URL is in the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from fintegrate.migrations import MigrationFailed, migrate, revert
from fintegrate.roles import Users, prepare
from fintegrate.system import SystemDatabase
from local.machine.checkout import Checkout
from local.machine.environment import is_this_machine
from local.services.databases import system_databases
from local.services.running import ensure_services


class NotDone(RuntimeError):
    """Nothing was changed; the text says why."""


def service_of(database: SystemDatabase) -> str:
    """The name by which a database is asked for: its folder's, such as `video` or `banking`."""
    return Path(database.folder).name


def migrate_service(service: str, down: bool, confirmed: str) -> str:
    """Migrate the database of a service, and say what was done.

    Args:
        confirmed: the name of the database, if it is not on this machine and goes down

    Raises:
        NotDone: there is no such service, going down was not confirmed, or a migration failed
    """
    database = _database_of(service)
    if given := os.environ.get(database.owner_setting):
        return _migrate(database, {**os.environ, database.owner_setting: given}, down, confirmed)
    with ensure_services() as services:
        return _migrate(database, services.urls.databases, down, confirmed)


def _database_of(service: str) -> SystemDatabase:
    known = {service_of(database): database for database in system_databases()}
    if service not in known:
        raise NotDone(f"SERVICE must be one of {', '.join(known)}, got {service!r}")
    return known[service]


def _migrate(database: SystemDatabase, urls: Mapping[str, str], down: bool, confirmed: str) -> str:
    owner = urls[database.owner_setting]
    folder = Checkout().root / "sql" / database.folder / "migrations"
    name = urlsplit(owner).path.removeprefix("/")
    try:
        if down:
            _check_confirmed(owner, name, confirmed)
            undone = revert(owner, folder, database.owner_setting)
            return f"{name}: undone {undone}" if undone else f"{name}: nothing is applied"
        if database.master_setting in urls:
            users = Users(urls[database.master_setting], owner, urls[database.setting])
            prepare(users, database.name, [urls[guest] for guest in database.guest_roles])
        applied = migrate(owner, folder, database.owner_setting)
    except MigrationFailed as error:
        raise NotDone(f"migration failed: {error}") from error
    return f"{name}: applied {', '.join(applied)}" if applied else f"{name}: up to date"


def _check_confirmed(url: str, name: str, confirmed: str) -> None:
    if not is_this_machine(url) and confirmed != name:
        raise NotDone(
            f"{name} is not on this machine, and going down loses data: say CONFIRM={name}"
        )
