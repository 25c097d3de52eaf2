"""Tools are installed where they have a package, and nothing of them runs afterwards."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

import pytest

from local.services import installing
from local.services.native.programs import Program
from local.services.native.prometheus import PROMETHEUS

ELSEWHERE = Program("elsewhere", packages={"brew": "elsewhere"})


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """What would have been run on a machine with apt-get, where nobody is asked."""
    said: list[Sequence[str]] = []
    monkeypatch.setattr(installing, "_run", lambda command, _manager: said.append(command))
    monkeypatch.setattr(installing, "package_manager", lambda: "apt-get")
    monkeypatch.setattr(installing, "_may_install", lambda _manager: True)
    return said


def test_only_known_packages_are_installed(commands: list[Sequence[str]]) -> None:
    installing.install_where_allowed([PROMETHEUS, ELSEWHERE])

    installed = next(command for command in commands if "install" in command)
    assert installed[-1] == "prometheus"


def test_nothing_known_runs_nothing(commands: list[Sequence[str]]) -> None:
    installing.install_where_allowed([ELSEWHERE])

    assert commands == []


def test_packages_start_no_service(
    commands: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installing.Path, "exists", lambda _path: True)

    installing.install([], "apt-get", [PROMETHEUS])

    assert ["systemctl", "disable", "prometheus"] in commands


def test_tool_that_fails_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
    commands: list[Sequence[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    def away(_programs: object, _manager: str, _tools: object) -> None:
        raise subprocess.CalledProcessError(100, "apt-get", "no network")

    missing = Program("missing", packages={"apt-get": "missing"})
    monkeypatch.setattr(installing, "TOOLS", (missing,))
    monkeypatch.setattr(installing, "_missing_servers", list)
    monkeypatch.setattr(installing, "install", away)

    installing.main()

    assert "no network" in capsys.readouterr().out


def test_unknown_tool_is_no_error(
    commands: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installing, "TOOLS", (ELSEWHERE,))
    monkeypatch.setattr(installing, "_missing_servers", list)

    installing.main()

    assert commands == []
