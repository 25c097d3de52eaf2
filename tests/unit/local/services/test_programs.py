from __future__ import annotations

import pytest

from local.services import packages
from local.services.native import programs
from local.services.native.programs import MissingServerError, program


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with nothing but what a test puts on it."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(
        programs, "FOLDERS", dict.fromkeys(programs.FOLDERS, (f"{tmp_path}/pg/*/bin",))
    )

    def put(path):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("#!/bin/sh\n")
        file.chmod(0o755)
        return file

    return put


def test_newest_version_is_taken(machine):
    for version in ("9.6", "15", "16", "8"):
        machine(f"pg/{version}/bin/postgres")

    assert program("postgresql").parts[-3] == "16"


def test_program_on_the_path_is_found(machine):
    installed = machine("bin/redis-server")

    assert program("redis") == installed


@pytest.mark.parametrize(
    ("manager", "command"),
    [
        ("apt-get", "sudo apt-get install -y --no-install-recommends rabbitmq-server"),
        ("brew", "brew install rabbitmq"),
        ("dnf", "sudo dnf install -y rabbitmq-server"),
        ("apk", "sudo apk add rabbitmq-server"),
    ],
)
def test_missing_server_says_the_command(machine, manager, command):
    machine(f"bin/{manager}")

    with pytest.raises(MissingServerError) as error:
        program("rabbitmq")

    assert str(error.value).endswith(command)


def test_machine_without_package_manager_says_what_is_needed(machine):
    assert packages.install_command(["postgresql", "redis"]).startswith("install postgresql, redis")


def test_missing_names_all(machine):
    machine("bin/redis-server")

    assert programs.missing() == ["postgresql", "rabbitmq"]
