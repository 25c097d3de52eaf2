"""PostgreSQL, RabbitMQ and Redis as their official images want to be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from local.machine.credentials import password
from local.machine.ports import LOOPBACK
from local.services import probes
from local.services.docker.server import DockerServer, archive
from local.services.native.postgresql import USER
from local.services.service import ServersUnusable

POSTGRESQL_SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    # as in local/services/native/postgresql.py
    "random_page_cost": "1.1",
    "log_min_error_statement": "fatal",
    "log_error_verbosity": "terse",
}
RABBITMQ_CONFIGURATION = """\
disk_free_limit.absolute = 100MB
vm_memory_high_watermark.relative = 0.4
log.console.level = warning
"""
BACKUP = "/tmp/backup"  # noqa: S108  # in the container
RABBITMQ_PLUGINS = "[rabbitmq_management,rabbitmq_prometheus].\n"


class PostgreSQLContainer(DockerServer):
    """`postgres:16`; settings are arguments, so fsync and synchronous_commit stay on."""

    name = "postgresql"
    image = "postgres:16"
    data_folder = "/var/lib/postgresql/data"
    ports_inside: ClassVar = {"postgresql": 5432}

    @property
    def url(self) -> str:
        """The maintenance database, as superuser of this private cluster."""
        secret = password(self.checkout, "postgresql")
        return f"postgresql://{USER}:{secret}@{LOOPBACK}:{self.ports.port('postgresql')}/postgres"

    def environment(self) -> Mapping[str, str]:
        """User, password, and the collation that the native cluster has."""
        return {
            "POSTGRES_USER": USER,
            "POSTGRES_PASSWORD": password(self.checkout, "postgresql"),
            "POSTGRES_DB": "postgres",
            "POSTGRES_INITDB_ARGS": "--no-locale --encoding=UTF8",
        }

    def command(self) -> Sequence[str]:
        return [
            "postgres",
            *(
                part
                for name, value in POSTGRESQL_SETTINGS.items()
                for part in ("-c", f"{name}={value}")
            ),
        ]

    def probe(self) -> None:
        probes.postgresql(self.url)

    def dump(self, database: str) -> bytes:
        """A backup of a database, while others use it.

        Raises:
            ServersUnusable: PostgreSQL's own program failed
        """
        return self._client("pg_dump", database, "--format=custom")

    def restore(self, database: str, backup: bytes) -> None:
        """Fill an empty database from a backup. Raises as `dump`."""
        container = self.engine.containers.get(self.container_name)
        container.put_archive("/", archive({BACKUP: backup}))
        self._client("pg_restore", database, "--exit-on-error", BACKUP)

    def _client(self, program: str, database: str, *arguments: str) -> bytes:
        container = self.engine.containers.get(self.container_name)
        command = [program, f"--username={USER}", f"--dbname={database}", *arguments]
        done = container.exec_run(command, demux=True)
        output, errors = done.output
        if done.exit_code:
            raise ServersUnusable(f"{program}: {errors!r}")
        return bytes(output or b"")


class RabbitMQContainer(DockerServer):
    """`rabbitmq:3.13-management`; the default user replaces guest."""

    name = "rabbitmq"
    variables: ClassVar = {"RABBITMQ_URL": "url", "RABBITMQ_MANAGEMENT_URL": "management_url"}
    image = "rabbitmq:3.13-management"
    data_folder = "/var/lib/rabbitmq"
    ports_inside: ClassVar = {
        "rabbitmq": 5672,
        "rabbitmq_management": 15672,
        "rabbitmq_prometheus": 15692,
    }

    @property
    def url(self) -> str:
        """`amqp://` with user, password and the default virtual host."""
        secret = password(self.checkout, "rabbitmq")
        return f"amqp://{USER}:{secret}@{LOOPBACK}:{self.ports.port('rabbitmq')}/%2F"

    @property
    def management_url(self) -> str:
        """The management API, with user and password."""
        secret = password(self.checkout, "rabbitmq")
        return f"http://{USER}:{secret}@{LOOPBACK}:{self.ports.port('rabbitmq_management')}"

    @property
    def metrics_address(self) -> str:
        """The broker's own metrics page, published on loopback only."""
        return f"{LOOPBACK}:{self.ports.port('rabbitmq_prometheus')}"

    def environment(self) -> Mapping[str, str]:
        """User and password of a node that starts for the first time."""
        return {
            "RABBITMQ_DEFAULT_USER": USER,
            "RABBITMQ_DEFAULT_PASS": password(self.checkout, "rabbitmq"),
        }

    def files(self) -> Mapping[str, str]:
        """Alarms that fit a laptop, and the Prometheus plugin."""
        return {
            "/etc/rabbitmq/conf.d/20-fintegrate.conf": RABBITMQ_CONFIGURATION,
            "/etc/rabbitmq/enabled_plugins": RABBITMQ_PLUGINS,
        }

    def control(self, *arguments: str) -> None:
        """Run `rabbitmqctl` on this node.

        Raises:
            ServersUnusable: it refused
        """
        container = self.engine.containers.get(self.container_name)
        done = container.exec_run(["rabbitmqctl", *arguments])
        if done.exit_code:
            raise ServersUnusable(f"rabbitmqctl {arguments[0]}: {done.output!r}")

    def probe(self) -> None:
        probes.rabbitmq(self.url, self.management_url)


class RedisContainer(DockerServer):
    """`redis:7`; the password is in a file, because arguments are in process lists."""

    name = "redis"
    variables: ClassVar = {"REDIS_URL": "url"}
    image = "redis:7"
    data_folder = "/data"
    ports_inside: ClassVar = {"redis": 6379}
    configuration = "/etc/fintegrate-redis.conf"

    @property
    def url(self) -> str:
        """`redis://` with the password."""
        secret = password(self.checkout, "redis")
        return f"redis://:{secret}@{LOOPBACK}:{self.ports.port('redis')}/0"

    def environment(self) -> Mapping[str, str]:
        return {}

    def files(self) -> Mapping[str, str]:
        """A cache without persistence, behind a password."""
        secret = password(self.checkout, "redis")
        return {self.configuration: f'requirepass {secret}\nsave ""\nappendonly no\n'}

    def command(self) -> Sequence[str]:
        return ["redis-server", "--include", self.configuration]

    def probe(self) -> None:
        probes.cache(self.url)


SERVERS: tuple[type[DockerServer], ...] = (PostgreSQLContainer, RabbitMQContainer, RedisContainer)
"""Which servers run in containers: a further one is a class and an entry here."""
