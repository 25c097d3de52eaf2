from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from local.services import packages
from local.services.native import servers
from local.services.native.browser import CHROMIUM, ON_MACOS
from local.services.native.postgresql import PostgreSQL
from local.services.native.programs import ServerMissing
from local.services.native.rabbitmq import RabbitMQ
from local.services.native.redis import Redis

Put = Callable[[str], Path]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    """A machine with nothing but what a test puts on it."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for server in servers.SERVERS:
        there = replace(server.program, folders=(f"{tmp_path}/pg/*/bin",))
        monkeypatch.setattr(server, "program", there)

    def put(path: str) -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("#!/bin/sh\n")
        file.chmod(0o755)
        return file

    return put


def test_newest_version_is_taken(machine: Put) -> None:
    for version in ("9.6", "15", "16", "8"):
        machine(f"pg/{version}/bin/postgres")

    assert PostgreSQL.program.path().parts[-3] == "16"


def test_program_on_the_path_is_found(machine: Put) -> None:
    installed = machine("bin/redis-server")

    assert Redis.program.path() == installed


@pytest.mark.parametrize(
    ("manager", "command"),
    [
        ("apt-get", "sudo apt-get install -y --no-install-recommends rabbitmq-server"),
        ("brew", "brew install rabbitmq"),
        ("dnf", "sudo dnf install -y rabbitmq-server"),
        ("apk", "sudo apk add rabbitmq-server"),
    ],
)
def test_missing_server_says_the_command(machine: Put, manager: str, command: str) -> None:
    machine(f"bin/{manager}")

    with pytest.raises(ServerMissing) as error:
        RabbitMQ.program.path()

    assert str(error.value).endswith(command)


def test_unknown_package_manager_gets_names(machine: Put) -> None:
    wanted = [PostgreSQL.program, Redis.program]

    assert packages.install_command(wanted).startswith("install postgres, redis-server and put")


def test_all_missing_servers_are_named(machine: Put) -> None:
    machine("bin/redis-server")

    assert [server.name for server in servers.missing()] == ["postgresql", "rabbitmq"]


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_browser_has_several_names(machine: Put, name: str) -> None:
    assert CHROMIUM.find() is None or str(CHROMIUM.find()) in ON_MACOS

    installed = machine(f"bin/{name}")

    assert CHROMIUM.find() == installed


def test_browser_may_be_chosen(machine: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    machine("bin/chromium")
    monkeypatch.setenv("CHROMIUM", "/opt/other/chrome")

    assert CHROMIUM.find() == Path("/opt/other/chrome")
