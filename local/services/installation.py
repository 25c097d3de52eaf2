"""Makes a checkout ready to serve: servers up, database migrated, `.local/env` written.

What runs afterwards, and for how long, is decided by the commands.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg2

from local.machine.checkout import Checkout
from local.machine.credentials import write_private
from local.services.running import (
    RunningServices,
    create_database,
    database,
    ensure_services,
    settings_environment,
)

DATABASE = "fintegrate"
WRITTEN = (
    "BASE_URL",
    "ADMIN_API_KEY",
    "DATABASE_URL",
    "RABBITMQ_URL",
    "RABBITMQ_MANAGEMENT_URL",
    "REDIS_URL",
)


class MigrationError(RuntimeError):
    """The database could not be brought to the newest version; the text is the migration's own."""


@dataclass(frozen=True)
class Installation:
    """Running servers and the settings of the functions that use them."""

    checkout: Checkout
    services: RunningServices
    environment: Mapping[str, str]

    def write_env(self, base_url: str, name: str = "env") -> None:
        """Write `.local/env` or its like: for its owner only; a shell can `source` it."""
        values = {**self.environment, "BASE_URL": base_url}
        lines = "".join(f"{variable}={shlex.quote(values[variable])}\n" for variable in WRITTEN)
        write_private(self.checkout.state / name, lines)

    @contextmanager
    def announced(self, base_url: str, otherwise: Callable[[], str | None]) -> Iterator[None]:
        """`.local/env` names this server; afterwards the one that `otherwise` finds, or none."""
        self.write_env(base_url)
        try:
            yield
        finally:
            if remaining := otherwise():
                self.write_env(remaining)
            else:
                (self.checkout.state / "env").unlink(missing_ok=True)


def install(checkout: Checkout, keep: bool, migrated: bool = True) -> Installation:
    """Start the servers, make the database and migrate it.

    Args:
        keep: the servers stay up until `make down`
        migrated: False leaves the migrations to whoever serves

    Raises:
        ServiceError: a server is missing or does not come up
        MigrationError: a migration failed
    """
    services = ensure_services(checkout, keep)
    try:
        with checkout.locked("database"):
            url = _database(services)
            environment = settings_environment(services.urls, checkout, DATABASE_URL=url)
            if migrated:
                migrate(checkout, environment)
    except BaseException:
        services.release()
        raise
    return Installation(checkout, services, environment)


def _database(services: RunningServices) -> str:
    """The address of the checkout's database, made when missing; an external one is used as is."""
    if services.external:
        return services.urls.database_url
    url = database(services.urls.database_url, DATABASE)
    return url if _exists(services) else create_database(services.urls, DATABASE)


def _exists(services: RunningServices) -> bool:
    """Asked of the server: a failed login would not tell, and making it anew deletes the old one."""
    with (
        closing(psycopg2.connect(services.urls.database_url)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,))
        return cursor.rowcount > 0


def migrate(checkout: Checkout, environment: Mapping[str, str]) -> None:
    """Bring the database to the newest version, as a deployment does.

    Raises:
        MigrationError: a migration failed
    """
    done = subprocess.run(
        [sys.executable, "-m", "chalicelib.operations.migrate"],
        env=dict(environment),
        cwd=checkout.root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise MigrationError(done.stdout + done.stderr)
    (checkout.folder("log") / "migrate.log").write_text(done.stdout + done.stderr)
