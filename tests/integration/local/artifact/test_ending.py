"""A server that is asked to stop leaves nothing of its environments behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx

from local.artifact.emulator.container import LABEL
from local.artifact.emulator.sandboxes import sandbox_maker
from local.artifact.package.make import package
from local.artifact.server import start_artifacts
from local.machine.checkout import Checkout
from local.services.databases import create_database, drop_database, with_users
from local.services.docker.engine import connect
from local.services.running import RunningServices
from local.services.settings import settings_environment


def containers(server_pid: int) -> list[object]:
    client = connect()
    try:
        found = client.containers.list(all=True, filters={"label": f"{LABEL}.server={server_pid}"})
        return [container.name for container in found]
    finally:
        client.close()


def scratch_folders(server_pid: int) -> list[Path]:
    return list(Checkout().folder("deploy", "tmp").glob(f"{server_pid}-*"))


def test_stopped_server_leaves_no_environment(services: RunningServices, kind: str) -> None:
    left = containers if kind == "container" else scratch_folders
    name = f"ending_{kind}_{os.getpid()}"
    url = create_database(services.urls, name)
    settings = settings_environment(
        services.urls, **with_users(services.urls, url), SCHEDULER="off", LAMBDA_SANDBOX=kind
    )
    with start_artifacts([package("banking")], settings).server as server:
        assert httpx.get(f"{server.base_url}/health", timeout=60).status_code == 200
        assert left(server.pid)
    assert left(server.pid) == []
    drop_database(services.urls, name)


def test_scratch_of_dead_server_is_removed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    checkout = Checkout(tmp_path)
    scratch = checkout.folder("deploy", "tmp")
    (scratch / f"{dead.pid}-1").mkdir()
    (scratch / f"{dead.pid}-1.fstab").touch()
    (scratch / f"{os.getpid()}-7").mkdir()
    sandbox_maker("process", checkout)
    assert [path.name for path in scratch.iterdir()] == [f"{os.getpid()}-7"]
