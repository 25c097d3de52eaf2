"""The servers that watch a checkout's servers: each a process of this machine, on loopback."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import ClassVar
from urllib.parse import urlsplit

import httpx

from local.machine.checkout import ROOT, Checkout
from local.machine.ports import LOOPBACK
from local.services.native.programs import Program
from local.services.native.prometheus import PROMETHEUS
from local.services.native.server import NativeServer
from local.services.urls import ServiceUrls

SOURCES = ROOT / "infra" / "monitoring"
RETENTION = "15d"
PROBE_SECONDS = 2


class Monitor(NativeServer):
    """A server with an HTTP page that says whether it is ready."""

    job: ClassVar[str]
    """Its job in `infra/monitoring/prometheus.yml`."""
    ready: ClassVar[str]

    @property
    def port_names(self) -> tuple[str, ...]:  # type: ignore[override]
        return (self.name,)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{LOOPBACK}:{self.ports.port(self.name)}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def prepare(self) -> None:
        """Most need no files."""

    def probe(self) -> None:
        answer = httpx.get(self.url + self.ready, timeout=PROBE_SECONDS, trust_env=False)
        answer.raise_for_status()


class Prometheus(Monitor):
    """Prometheus with the repository's configuration and rules; its key and targets lie beside them."""

    name = job = "prometheus"
    program = PROMETHEUS
    ready = "/-/ready"

    def __init__(self, checkout: Checkout, console_url: str = "") -> None:
        super().__init__(checkout)
        self._console_url = console_url

    def prepare(self) -> None:
        """Copy configuration and rules."""
        shutil.copy(SOURCES / "prometheus.yml", self.home)
        shutil.rmtree(self.home / "rules", ignore_errors=True)
        shutil.copytree(SOURCES / "rules", self.home / "rules")

    def command(self) -> Sequence[str]:
        return [
            str(self.program.path()),
            f"--config.file={self.home / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.home / 'data'}",
            f"--storage.tsdb.retention.time={RETENTION}",
            f"--web.listen-address={self.address}",
            "--enable-feature=expand-external-labels",
        ]

    def environment(self) -> Mapping[str, str]:
        return {**super().environment(), "CONSOLE_URL": self._console_url}


class Alertmanager(Monitor):
    """Alertmanager alone, without others of its kind."""

    name = job = "alertmanager"
    program = Program(
        "prometheus-alertmanager",
        packages={"apt-get": "prometheus-alertmanager"},
        is_service=True,
    )
    ready = "/-/ready"

    def command(self) -> Sequence[str]:
        return [
            str(self.program.path()),
            f"--config.file={SOURCES / 'alertmanager.yml'}",
            f"--storage.path={self.home / 'data'}",
            f"--web.listen-address={self.address}",
            "--cluster.listen-address=",
        ]


class Exporter(Monitor):
    """A program that asks another server and answers in Prometheus' format."""

    ready = "/metrics"

    def __init__(self, checkout: Checkout, urls: ServiceUrls | None = None) -> None:
        super().__init__(checkout)
        self._urls = urls

    def command(self) -> Sequence[str]:
        return [str(self.program.path()), f"--web.listen-address={self.address}"]

    def environment(self) -> Mapping[str, str]:
        """Address and password of what it asks. Arguments would be in process lists."""
        asked = self._asked(self._urls) if self._urls else {}
        return {**super().environment(), **asked}

    def _asked(self, urls: ServiceUrls) -> Mapping[str, str]:
        raise NotImplementedError


class PostgresExporter(Exporter):
    name = "postgres_exporter"
    job = "postgresql"
    program = Program(
        "prometheus-postgres-exporter",
        packages={"apt-get": "prometheus-postgres-exporter"},
        is_service=True,
    )

    def _asked(self, urls: ServiceUrls) -> Mapping[str, str]:
        plain = "" if "sslmode=" in urls.database_url else "?sslmode=disable"
        return {"DATA_SOURCE_NAME": urls.database_url + plain}


class RedisExporter(Exporter):
    name = "redis_exporter"
    job = "redis"
    program = Program(
        "prometheus-redis-exporter",
        packages={"apt-get": "prometheus-redis-exporter"},
        is_service=True,
    )

    def _asked(self, urls: ServiceUrls) -> Mapping[str, str]:
        server = urlsplit(urls.redis_url)
        plain = f"{server.scheme}://{server.hostname}:{server.port}"
        return {"REDIS_ADDR": plain, "REDIS_PASSWORD": server.password or ""}


KINDS: tuple[type[Monitor], ...] = (Prometheus, PostgresExporter, RedisExporter, Alertmanager)
