"""Makes a checkout ready to serve: servers up, database migrated, ``.local/env`` written.

What runs afterwards, and for how long, is decided by the commands.
"""

import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

import psycopg2

from local.checkout import Checkout
from local.credentials import write_private
from local.environment import (
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

    def write_env(self, base_url: str) -> None:
        """Write ``.local/env``, readable by its owner only; a shell can ``source`` it."""
        values = {**self.environment, "BASE_URL": base_url}
        lines = "".join(f"{name}={values[name]}\n" for name in WRITTEN)
        write_private(self.checkout.state / "env", lines)


def install(checkout: Checkout, keep: bool) -> Installation:
    """Start the servers, make the database and migrate it.

    :param keep: the servers stay up until ``make down``
    :raises ServiceError: a server is missing or does not come up
    :raises MigrationError: a migration failed
    """
    services = ensure_services(checkout, keep)
    try:
        with checkout.locked("database"):
            url = _database(services)
            environment = settings_environment(services.urls, checkout, DATABASE_URL=url)
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
    try:
        with closing(psycopg2.connect(url)):
            return url
    except psycopg2.OperationalError:
        return create_database(services.urls, DATABASE)


def migrate(checkout: Checkout, environment: Mapping[str, str]) -> None:
    """Bring the database to the newest version, as a deployment does.

    :raises MigrationError: a migration failed
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
