"""A private RabbitMQ node: own user instead of guest, own epmd, everything on loopback.

Management and Prometheus plugins are on. The Erlang cookie lies in the node's own home.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import ClassVar

from local.machine.credentials import password, write_private
from local.machine.ports import LOOPBACK
from local.services import probes
from local.services.native.programs import Program
from local.services.native.server import NativeServer
from local.services.service import ServersUnusable

USER = "fintegrate"
# default_user replaces guest: a node whose default user has another name never creates it.
CONFIGURATION = """\
listeners.tcp.default = {host}:{amqp}
management.tcp.ip = {host}
management.tcp.port = {management}
prometheus.tcp.ip = {host}
prometheus.tcp.port = {prometheus}
default_user = {user}
default_pass = {password}
disk_free_limit.absolute = 100MB
vm_memory_high_watermark.relative = 0.4
log.console = true
log.console.level = warning
log.file = false
"""
# Its queues and stores close within milliseconds; then some supervisor waits out its 5 seconds.
SHUTDOWN_MS = 2000
# RabbitMQ's default is that a thread of Erlang's without work sleeps at once. A start opens 59,000
# files, each handed from thread to thread; with threads that wait a moment before they sleep it
# takes 3.5 s in place of 7.9, and two thirds of the processor time (two cores).
# https://www.erlang.org/doc/man/erl.html#+sbwt
WAITING = "+sbwt very_short +sbwtdio very_short"
PLUGINS = "[rabbitmq_management,rabbitmq_prometheus].\n"


class RabbitMQ(NativeServer):
    """RabbitMQ for one checkout."""

    name = "rabbitmq"
    variables: ClassVar = {"RABBITMQ_URL": "url", "RABBITMQ_MANAGEMENT_URL": "management_url"}
    program = Program(
        "rabbitmq-server",
        folders=(
            "/usr/lib/rabbitmq/bin",  # Debian: /usr/sbin has a wrapper that changes user
            "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin",
            "/opt/homebrew/opt/rabbitmq/sbin",
            "/usr/local/opt/rabbitmq/sbin",
        ),
        packages={
            "apt-get": "rabbitmq-server",
            "brew": "rabbitmq",
            "dnf": "rabbitmq-server",
            "apk": "rabbitmq-server",
        },
    )
    port_names = (
        "rabbitmq",
        "rabbitmq_management",
        "rabbitmq_prometheus",
        "rabbitmq_distribution",
        "rabbitmq_epmd",
    )

    @property
    def url(self) -> str:
        """`amqp://` with user, password and the default virtual host."""
        secret = password(self.checkout, "rabbitmq")
        return f"amqp://{USER}:{secret}@{LOOPBACK}:{self.ports.port('rabbitmq')}/%2F"

    @property
    def management_url(self) -> str:
        """The management API, with user and password."""
        secret = password(self.checkout, "rabbitmq")
        port = self.ports.port("rabbitmq_management")
        return f"http://{USER}:{secret}@{LOOPBACK}:{port}"

    @property
    def metrics_address(self) -> str:
        """The broker's own metrics page; it has no password and listens on loopback only."""
        return f"{LOOPBACK}:{self.ports.port('rabbitmq_prometheus')}"

    def prepare(self) -> None:
        """Write configuration, plugins and an empty environment file instead of the machine's."""
        text = CONFIGURATION.format(
            host=LOOPBACK,
            amqp=self.ports.port("rabbitmq"),
            management=self.ports.port("rabbitmq_management"),
            prometheus=self.ports.port("rabbitmq_prometheus"),
            user=USER,
            password=password(self.checkout, "rabbitmq"),
        )
        write_private(self.home / "rabbitmq.conf", text)
        (self.home / "enabled_plugins").write_text(PLUGINS)
        (self.home / "rabbitmq-env.conf").write_text("")

    def command(self) -> Sequence[str]:
        return [str(self.program.path())]

    def environment(self) -> Mapping[str, str]:
        """What moves every file and port of the node into the checkout.

        RUNNING_UNDER_SYSTEMD makes the start script become the Erlang machine instead of
        watching it, so that the process we know is the broker itself.
        """
        folders = {name: self._folder(name) for name in ("data", "log", "home")}
        return {
            **super().environment(),
            "HOME": folders["home"],
            "RABBITMQ_NODENAME": f"{self.checkout.name}@localhost",
            "RABBITMQ_MNESIA_BASE": folders["data"],
            "RABBITMQ_LOG_BASE": folders["log"],
            "RABBITMQ_CONF_ENV_FILE": str(self.home / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(self.home / "rabbitmq.conf"),
            "RABBITMQ_CONFIG_FILES": self._folder("conf.d"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.home / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.home / "enabled_plugins"),
            "RABBITMQ_DIST_PORT": str(self.ports.port("rabbitmq_distribution")),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                f"-kernel inet_dist_use_interface {{127,0,0,1}} -shutdown_time {SHUTDOWN_MS} "
                f"{WAITING}"
            ),
            "ERL_EPMD_PORT": str(self.ports.port("rabbitmq_epmd")),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_CRASH_DUMP": os.devnull,
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def _folder(self, name: str) -> str:
        return str(self.checkout.folder(self.name, name))

    def control(self, *arguments: str) -> None:
        """Run `rabbitmqctl` on this node.

        Raises:
            ServersUnusable: it refused
        """
        done = subprocess.run(
            [str(self.program.path("rabbitmqctl")), *arguments],
            env=dict(self.environment()),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ServersUnusable(f"rabbitmqctl {arguments[0]}: {done.stdout}{done.stderr}")

    def probe(self) -> None:
        probes.rabbitmq(self.url, self.management_url)
