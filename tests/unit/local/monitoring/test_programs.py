"""What is started to watch: on loopback, and with no password in a list of processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.machine.checkout import Checkout
from local.monitoring.programs import (
    KINDS,
    Alertmanager,
    Monitor,
    PostgresExporter,
    Prometheus,
    RedisExporter,
)
from local.monitoring.watching import NothingServed, start
from local.services.native.programs import Program
from local.services.urls import ServiceUrls

SECRET = "s3cret"
URLS = ServiceUrls(
    f"postgresql://it:{SECRET}@127.0.0.1:5432/postgres",
    {},
    {"REDIS_URL": f"redis://:{SECRET}@127.0.0.1:6379/0"},
)


@pytest.fixture
def monitors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Monitor]:
    """All of them, as if they were installed."""
    monkeypatch.setattr(Program, "find", lambda self, _companion=None: Path("/bin") / self.name)
    checkout = Checkout(tmp_path)
    return [
        Prometheus(checkout, "http://127.0.0.1:8000"),
        PostgresExporter(checkout, URLS),
        RedisExporter(checkout, URLS),
        Alertmanager(checkout),
    ]


def test_every_kind_is_looked_at(monitors: list[Monitor]) -> None:
    assert [type(each) for each in monitors] == list(KINDS)
    assert len({each.job for each in monitors}) == len(KINDS)


def test_all_listen_on_loopback(monitors: list[Monitor]) -> None:
    for each in monitors:
        assert f"--web.listen-address={each.address}" in each.command()
        assert each.address.startswith("127.0.0.1:")


def test_no_command_has_a_password(monitors: list[Monitor]) -> None:
    assert not any(SECRET in part for each in monitors for part in each.command())


def test_exporters_know_their_servers(monitors: list[Monitor]) -> None:
    _, postgresql, redis, _ = (each.environment() for each in monitors)

    assert postgresql["DATA_SOURCE_NAME"] == f"{URLS.database_url}?sslmode=disable"
    assert (redis["REDIS_ADDR"], redis["REDIS_PASSWORD"]) == ("redis://127.0.0.1:6379", SECRET)


def test_alerts_link_to_what_is_served(monitors: list[Monitor]) -> None:
    assert monitors[0].environment()["CONSOLE_URL"] == "http://127.0.0.1:8000"
    assert "--enable-feature=expand-external-labels" in monitors[0].command()


def test_rules_are_copied_beside_it(monitors: list[Monitor]) -> None:
    prometheus = monitors[0]
    prometheus.prepare()

    assert (prometheus.home / "prometheus.yml").exists()
    assert (prometheus.home / "rules" / "alerts.yml").exists()
    assert prometheus.home.stat().st_mode & 0o077 == 0


def test_nothing_served_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NothingServed, match="make up"):
        start(Checkout(tmp_path))
