"""A server that is asked to stop leaves nothing of its environments behind."""

from __future__ import annotations

import os
from pathlib import Path

import httpx

from local.checkout import Checkout
from local.deploy.container import LABEL
from local.deploy.package import package
from local.deploy.serving import start_artifact
from local.environment import RunningServices, create_database, drop_database, settings_environment
from local.services.docker.engine import connect


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
        services.urls, DATABASE_URL=url, SCHEDULER="off", LAMBDA_SANDBOX=kind
    )
    with start_artifact(package(), settings).server as server:
        assert httpx.get(f"{server.base_url}/health", timeout=60).status_code == 200
        assert left(server.pid)
    assert left(server.pid) == []
    drop_database(services.urls, name)
