"""Whole checkouts: two side by side, killed at bad moments, and what is left of them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from local.machine.ports import is_free
from local.machine.processes import MARKER

ROOT = Path(__file__).resolve().parents[4]
TINY = Path(__file__).with_name("tiny_app.py")
SECONDS = 60


class Copy:
    """The harness and the layer in a folder of their own, with a small app."""

    def __init__(self, root):
        self.root = root.resolve()
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "local", root / "local", ignore=ignore)
        shutil.copytree(ROOT / "vendor" / "fintegrate", root / "vendor/fintegrate", ignore=ignore)
        shutil.copy(TINY, root / "app.py")
        migrations = root / "chalicelib" / "operations"
        migrations.mkdir(parents=True)
        (migrations / "migrate.py").write_text("")
        unwanted = ("LOCAL_SERVICES", "PYTHONPATH", "PORT")
        self.environment = {k: v for k, v in os.environ.items() if k not in unwanted}
        self.environment["LOCAL_SERVICES"] = "native"

    def start(self, *command):
        return subprocess.Popen(
            [sys.executable, "-m", "local", *command],
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *command):
        with self.start(*command) as process:
            output = process.communicate()[0]
        assert process.returncode == 0, output
        return output

    def env(self):
        lines = (self.root / ".local" / "env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def is_healthy(self):
        return httpx.get(f"{self.env()['BASE_URL']}/health").status_code == 200

    def processes(self):
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get(MARKER, "").startswith(f"{self.root}#")
                inside = Path(process.cwd()).is_relative_to(self.root / ".local")
                if (ours or inside) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found

    def ports(self):
        return json.loads((self.root / ".local" / "ports.json").read_text()).values()

    def assert_nothing_left(self):
        assert [p.name() for p in self.processes()] == []
        assert [port for port in self.ports() if not is_free(port)] == []


@pytest.fixture
def copy(tmp_path):
    made = []

    def make(name):
        (tmp_path / name).mkdir()
        made.append(Copy(tmp_path / name))
        return made[-1]

    yield make
    for one in made:
        one.run("clean")


def wait_for(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_two_checkouts_run_side_by_side(copy):
    first, second = copy("first"), copy("second")
    for starting in [first.start("up"), second.start("up")]:
        assert starting.wait() == 0, starting.stdout.read()
        starting.stdout.close()

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


def test_up_twice_is_harmless_and_shows_no_secret(copy):
    only = copy("only")
    output = only.run("up")
    serving = {p.pid for p in only.processes()}

    output += only.run("up")

    assert {p.pid for p in only.processes()} >= {pid for pid in serving if psutil.pid_exists(pid)}
    secrets = [path.read_text() for path in (only.root / ".local" / "secrets").iterdir()]
    shown = output + "".join(" ".join(p.cmdline()) for p in only.processes())
    shown += "".join(p.read_text(errors="replace") for p in only.root.glob(".local/log/*.log"))
    assert len(secrets) == 4
    assert [secret for secret in secrets if secret in shown] == []
    only.run("down")
    only.assert_nothing_left()


def test_env_names_the_background_server_again_after_another_one(copy):
    both = copy("both")
    both.run("up")
    url = both.env()["BASE_URL"]
    with both.start("local", "--port", "0") as command:
        wait_for(lambda: both.env()["BASE_URL"] != url)
        command.send_signal(signal.SIGINT)
        command.communicate(timeout=SECONDS)

    assert both.env()["BASE_URL"] == url
    assert both.is_healthy()
    both.run("down")
    assert not (both.root / ".local" / "env").exists()


@pytest.mark.parametrize("moment", ["ports.json", "run/rabbitmq.json", "env"])
def test_nothing_is_left_of_a_killed_command(copy, moment):
    killed = copy("killed")
    with killed.start("local", "--port", "0") as command:
        wait_for((killed.root / ".local" / moment).exists)
        command.send_signal(signal.SIGKILL)
        command.communicate()

    killed.run("down")

    killed.assert_nothing_left()


def test_what_a_killed_command_left_is_used_again(copy):
    killed = copy("again")
    with killed.start("local", "--port", "0") as command:
        wait_for((killed.root / ".local" / "env").exists)
        servers = {p.pid for p in killed.processes() if p.name() == "beam.smp"}
        command.send_signal(signal.SIGKILL)
        command.communicate()

    killed.run("up")

    assert {p.pid for p in killed.processes() if p.name() == "beam.smp"} == servers
    killed.run("down")
    killed.assert_nothing_left()


def test_interrupted_command_stops_what_it_started(copy):
    stopped = copy("stopped")
    with stopped.start("local", "--port", "0") as command:
        wait_for((stopped.root / ".local" / "env").exists)
        command.send_signal(signal.SIGTERM)
        output = command.communicate(timeout=SECONDS)[0]

    assert command.returncode == 0, output
    stopped.assert_nothing_left()
