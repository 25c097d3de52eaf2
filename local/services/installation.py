"""Makes a checkout ready to serve: servers up, databases migrated, `.local/env` written.

The commands decide what runs afterwards, and for how long.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from local.machine.checkout import Checkout
from local.machine.credentials import write_private
from local.services.databases import create_missing, system_databases
from local.services.running import RunningServices, ensure_services
from local.services.settings import made_up_settings, settings_environment


class NotMigrated(RuntimeError):
    """A database could not be brought to the newest version; the text is the migration's own."""


@dataclass(frozen=True)
class Installation:
    """Running servers and the settings of the functions that use them.

    Attributes:
        announced_too: further variables of the functions that `.local/env` has
        said_too: further variables that only `.local/env` has
    """

    checkout: Checkout
    services: RunningServices
    environment: Mapping[str, str]
    announced_too: Sequence[str] = ()
    said_too: Mapping[str, str] = field(default_factory=dict)

    def announcing(self, said: Mapping[str, str]) -> Installation:
        """The same, with these variables in `.local/env`. The functions do not get them."""
        return replace(self, said_too={**self.said_too, **said})

    def beside(self, settings: Mapping[str, str], announced: Sequence[str]) -> Installation:
        """The same with a further server, which these settings name; some of them are announced."""
        environment = {**self.environment, **settings}
        return replace(self, environment=environment, announced_too=announced)

    def write_env(self, base_url: str, name: str = "env") -> None:
        """Write `.local/env` or its like: for its owner only; a shell can `source` it.

        The server's master is left out: the databases' owners may do all that is needed.
        """
        urls = self.services.urls
        masters = {each.master_setting for each in system_databases()}
        made_up = made_up_settings()
        further = (*self.announced_too, *self.said_too)
        written = ("BASE_URL", *made_up, *urls.databases, *urls.servers, *further)
        values = {**self.environment, **self.said_too, "BASE_URL": base_url}
        lines = "".join(
            f"{variable}={shlex.quote(values[variable])}\n"
            for variable in written
            if variable in values and variable not in masters
        )
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
    """Start the servers, make the databases of all systems and migrate them.

    Args:
        keep: the servers stay up until `make down`
        migrated: False leaves the migrations to the server that is started afterwards

    Raises:
        ServersUnusable: a server is missing or does not come up
        NotMigrated: a migration failed
    """
    services = ensure_services(checkout, keep)
    try:
        with checkout.locked("database"):
            if not services.external:
                create_missing(services.urls, system_databases())
            environment = settings_environment(services.urls, checkout)
            if migrated:
                migrate(checkout, environment)
    except BaseException:
        services.release()
        raise
    return Installation(checkout, services, environment)


def migrate(checkout: Checkout, environment: Mapping[str, str]) -> None:
    """Make the users of all databases and migrate them to the newest version, as a deployment does.

    Raises:
        NotMigrated: a step failed; databases that were migrated before it stay so
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
        raise NotMigrated(done.stdout + done.stderr)
    (checkout.folder("log") / "migrate.log").write_text(done.stdout + done.stderr)
