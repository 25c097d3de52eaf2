"""`compose.yaml` starts the servers that `make local` starts, and `.env.example` finds them."""

from __future__ import annotations

import re
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from chalicelib import systems
from local.machine.checkout import ROOT, Checkout
from local.services import external
from local.services.databases import system_databases
from local.services.docker import images
from local.services.docker.server import DockerServer
from local.services.native.servers import SERVERS
from local.services.settings import RECORD, made_up_settings

EXAMPLE = (ROOT / ".env.example").read_text()
TEXT = (ROOT / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SECRET = re.compile(r"(?<=requirepass ).*")


@pytest.fixture(scope="module")
def example() -> dict[str, str]:
    """What a shell makes of the example."""
    done = subprocess.run(
        ["sh", "-c", "set -a; . ./.env.example; env"],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


@pytest.mark.parametrize("kind", images.SERVERS, ids=lambda kind: kind.name)
def test_server_is_the_harness_own(kind: type[DockerServer], tmp_path: Path) -> None:
    server, said = kind(Checkout(tmp_path)), COMPOSE["services"][kind.name]
    command = server.command()

    assert said["image"] == server.image
    assert said["volumes"] == [f"{kind.name}:{server.data_folder}"]
    assert said.get("command", "").split() == list(command or [])
    assert {int(port.rpartition(":")[2]) for port in said["ports"]} == {
        *server.ports_inside.values()
    }
    assert server.environment().keys() <= {*said["environment"]}


def test_configuration_is_the_harness_own(tmp_path: Path) -> None:
    redis = images.RedisContainer(Checkout(tmp_path))
    (written,) = redis.files().values()

    assert COMPOSE["configs"]["rabbitmq"]["content"] == images.RABBITMQ_CONFIGURATION
    assert SECRET.sub("", COMPOSE["configs"]["redis"]["content"]) == SECRET.sub("", written)


def test_no_other_server_is_started() -> None:
    assert COMPOSE["services"].keys() == {kind.name for kind in images.SERVERS}


def test_ports_are_on_loopback_only() -> None:
    ports = [port for each in COMPOSE["services"].values() for port in each["ports"]]

    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_database_is_made() -> None:
    made = re.findall(r"CREATE DATABASE (\w+);", COMPOSE["configs"]["databases"]["content"])

    assert made == [database.name for database in system_databases()]


def test_example_finds_the_servers(example: dict[str, str]) -> None:
    variables = [
        variable for server in SERVERS if server.is_of_one_kind for variable in server.variables
    ]
    databases = system_databases()
    users = [name for each in databases for name in each.settings]
    found = external.addresses([*variables, *users], example)

    assert example["LOCAL_SERVICES"] == "external"
    for each in databases:
        assert [urlsplit(found[name]).path for name in each.settings] == len(each.settings) * [
            f"/{each.name}"
        ]
        named = [urlsplit(found[name]).username for name in each.settings[1:]]
        assert named == [each.owner_role, each.app_role, *each.guest_roles.values()]


def test_example_has_every_password(example: dict[str, str]) -> None:
    assert {*re.findall(r"\$\{(\w+)", TEXT)} <= example.keys()


def test_example_names_what_is_off_by_default() -> None:
    """Nobody else says it: what a checkout needs to run has a default, or the harness sets it."""
    named = {*re.findall(r"^#?([A-Z_]+)=", EXAMPLE, re.MULTILINE)}
    by_harness = {*made_up_settings(), RECORD, "CONSOLE_SYSTEMS"}
    for system in map(systems.system_of, systems.NAMES):
        off = {each.name.upper() for each in fields(system.configuration) if each.default == ""}

        assert off - by_harness - {*system.derived} <= named


def test_passwords_are_never_committed() -> None:
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()
