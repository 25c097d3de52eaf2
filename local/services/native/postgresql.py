"""A private PostgreSQL cluster: password logins over loopback TCP only, durability on.

PostgreSQL refuses to run as root. There it runs as the machine's `postgres` user, and
when that user cannot enter the checkout, in a private folder under `/var/tmp`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.machine.credentials import password
from local.machine.ports import LOOPBACK
from local.machine.processes import Account
from local.services import probes
from local.services.native.programs import Program
from local.services.native.server import NativeServer
from local.services.service import ServersUnusable

USER = "fintegrate"
ROOT_UID = 0
SETTINGS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "max_wal_size": "1GB",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "log_min_messages": "warning",
    # A statement's text and an error's detail hold names, tags and hashes of keys.
    "log_min_error_statement": "fatal",
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] ",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class PostgreSQL(NativeServer):
    """PostgreSQL for one checkout."""

    name = "postgresql"
    program = Program(
        "postgres",
        folders=(
            "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
            "/usr/pgsql-*/bin",  # PGDG on Fedora and its kin
            "/opt/homebrew/opt/postgresql@*/bin",
            "/usr/local/opt/postgresql@*/bin",
        ),
        packages={
            "apt-get": "postgresql",
            "brew": "postgresql@16",
            "dnf": "postgresql-server",
            "apk": "postgresql16",
        },
    )
    port_names = ("postgresql",)
    graceful = signal.SIGINT  # "fast shutdown": sessions are ended, data is written

    @property
    def url(self) -> str:
        """The maintenance database, as superuser of this private cluster."""
        secret = password(self.checkout, "postgresql")
        return f"postgresql://{USER}:{secret}@{LOOPBACK}:{self.ports.port('postgresql')}/postgres"

    @property
    def account(self) -> Account:
        """The caller, or `postgres` for root."""
        if os.geteuid() != ROOT_UID:
            return Account()
        try:
            user = pwd.getpwnam("postgres")
        except KeyError:
            raise ServersUnusable(
                "PostgreSQL refuses to run as root and there is no user `postgres`; "
                "create it or run as another user"
            ) from None
        return Account(user.pw_uid, user.pw_gid)

    @property
    def home(self) -> Path:
        """Under `.local/`, or under `/var/tmp` when the server's user cannot go there."""
        inside = self.checkout.folder(self.name)
        if self.account.uid is None:
            return inside
        hand_over(inside, self.account)
        return inside if _may_enter(inside, self.account) else self._outside()

    def _outside(self) -> Path:
        folder = Path("/var/tmp") / f"{self.checkout.name}_{self.name}"  # noqa: S108  # owner checked
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid not in (ROOT_UID, self.account.uid):
            raise ServersUnusable(f"{folder} belongs to another user; remove it")
        hand_over(folder, self.account)
        return folder

    def prepare(self) -> None:
        """Create the cluster the first time: in a folder of its own name only when complete."""
        cluster = self.home / "data"
        if cluster.exists():
            return
        unfinished = self.home / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        with tempfile.NamedTemporaryFile("w", dir=self.home) as secret:
            secret.write(password(self.checkout, "postgresql"))
            secret.flush()
            hand_over(Path(secret.name), self.account)
            self._initialise(unfinished, Path(secret.name))
        unfinished.rename(cluster)

    def _initialise(self, cluster: Path, password_file: Path) -> None:
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", f"--username={USER}"]
        done = subprocess.run(
            [
                str(self.program.path("initdb")),
                *options,
                f"--pgdata={cluster}",
                f"--pwfile={password_file}",
            ],
            env=dict(self.environment()),
            cwd=self.home,
            user=self.account.uid,
            group=self.account.gid,
            extra_groups=None if self.account.uid is None else [],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ServersUnusable(f"initdb failed:\n{done.stdout}{done.stderr}")

    def command(self) -> Sequence[str]:
        """The server, with settings that fit a laptop; fsync and synchronous_commit stay on."""
        settings = {**SETTINGS, "port": str(self.ports.port("postgresql"))}
        switches = [f"--{name}={value}" for name, value in settings.items()]
        return [str(self.program.path()), "-D", str(self.home / "data"), *switches]

    def probe(self) -> None:
        probes.postgresql(self.url)

    def dump(self, database: str) -> bytes:
        """A backup of a database, while others use it.

        Raises:
            ServersUnusable: PostgreSQL's own program failed
        """
        return self._client("pg_dump", database, b"", "--format=custom")

    def restore(self, database: str, backup: bytes) -> None:
        """Fill an empty database from a backup. Raises as `dump`."""
        self._client("pg_restore", database, backup, "--exit-on-error")

    def _client(self, program: str, database: str, sent: bytes, *options: str) -> bytes:
        target = f"--host={LOOPBACK}", f"--port={self.ports.port('postgresql')}"
        secret = password(self.checkout, "postgresql")
        done = subprocess.run(
            [
                str(self.program.path(program)),
                *target,
                f"--username={USER}",
                f"--dbname={database}",
                *options,
            ],
            env={**os.environ, "PGPASSWORD": secret},
            input=sent,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise ServersUnusable(f"{program}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def remove(self) -> None:
        """End it and delete its data, also those outside of the checkout."""
        home = self.home
        super().remove()
        shutil.rmtree(home, ignore_errors=True)


def hand_over(path: Path, account: Account) -> None:
    """Make the server's user the owner of a file or folder that only it may enter."""
    if account.uid is not None and account.gid is not None:
        os.chown(path, account.uid, account.gid)
    path.chmod(0o700 if path.is_dir() else 0o600)


def _may_enter(folder: Path, account: Account) -> bool:
    """Whether that user can write there, through all the folders above."""
    allowed = subprocess.run(
        ["/bin/sh", "-c", 'test -w "$0"', str(folder)],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        check=False,
    )
    return allowed.returncode == 0
