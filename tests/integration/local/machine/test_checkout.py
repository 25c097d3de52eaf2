"""Whole checkouts: two side by side, killed at bad moments, and what is left of them."""

from __future__ import annotations

import signal
from collections.abc import Callable

import psutil
import pytest

from local.services.native.servers import wanted
from tests.integration.local.machine.copies import Copy
from tests.support.waiting import eventually

SECONDS = 60
Make = Callable[[str], Copy]


@pytest.mark.night_long
def test_two_checkouts_run_side_by_side(copy: Make) -> None:
    first, second = copy("first"), copy("second")
    for starting in [first.start("up"), second.start("up")]:
        assert starting.wait() == 0, starting.communicate()[0]
        starting.communicate()

    assert first.is_healthy()
    assert second.is_healthy()
    assert first.env()["BASE_URL"] != second.env()["BASE_URL"]
    assert not set(first.ports()) & set(second.ports())
    assert (first.root / ".local" / "env").stat().st_mode & 0o777 == 0o600

    first.run("down")

    first.assert_nothing_left()
    assert second.is_healthy()
    second.run("down")
    second.assert_nothing_left()


@pytest.mark.night_long
def test_up_twice_shows_no_secret(copy: Make) -> None:
    only = copy("only")
    output = only.run("up")
    serving = {p.pid for p in only.processes()}

    output += only.run("up")

    assert {p.pid for p in only.processes()} >= {pid for pid in serving if psutil.pid_exists(pid)}
    folder = only.root / ".local" / "secrets"
    secrets = {path.name: path.read_text() for path in folder.iterdir()}
    shown = output + "".join(" ".join(p.cmdline()) for p in only.processes())
    shown += "".join(p.read_text(errors="replace") for p in only.root.glob(".local/log/*.log"))
    assert secrets.keys() == {"letters-key", *(server.name for server in wanted())}
    assert [name for name, secret in secrets.items() if secret in shown] == []
    only.run("down")
    only.assert_nothing_left()


@pytest.mark.night_long
def test_env_names_the_remaining_server(copy: Make) -> None:
    both = copy("both")
    both.run("up")
    url = both.env()["BASE_URL"]
    with both.start("local", "--port", "0") as command:
        eventually(lambda: both.env()["BASE_URL"] != url, "the new address", SECONDS)
        command.send_signal(signal.SIGINT)
        command.communicate(timeout=SECONDS)

    assert both.env()["BASE_URL"] == url
    assert both.is_healthy()
    both.run("down")
    assert not (both.root / ".local" / "env").exists()


@pytest.mark.night_long
@pytest.mark.parametrize("moment", ["ports.json", "run/rabbitmq.json", "env"])
def test_killed_command_leaves_nothing(copy: Make, moment: str) -> None:
    killed = copy("killed")
    with killed.start("local", "--port", "0") as command:
        eventually((killed.root / ".local" / moment).exists, "\2", SECONDS)
        command.send_signal(signal.SIGKILL)
        command.communicate()

    killed.run("down")

    killed.assert_nothing_left()


def test_left_servers_are_used_again(copy: Make) -> None:
    killed = copy("again")
    with killed.start("local", "--port", "0") as command:
        eventually((killed.root / ".local" / "env").exists, "\2", SECONDS)
        servers = {p.pid for p in killed.processes() if p.name() == "beam.smp"}
        command.send_signal(signal.SIGKILL)
        command.communicate()

    killed.run("up")

    assert {p.pid for p in killed.processes() if p.name() == "beam.smp"} == servers
    killed.run("down")
    killed.assert_nothing_left()


@pytest.mark.night_long
def test_interrupted_command_stops_its_servers(copy: Make) -> None:
    stopped = copy("stopped")
    with stopped.start("local", "--port", "0") as command:
        eventually((stopped.root / ".local" / "env").exists, "\2", SECONDS)
        command.send_signal(signal.SIGTERM)
        output = command.communicate(timeout=SECONDS)[0]

    assert command.returncode == 0, output
    stopped.assert_nothing_left()
