"""Grafana in a container, where a Docker engine answers: the repository's dashboards, read-only."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx

from local.machine.checkout import ROOT, Checkout
from local.machine.ports import LOOPBACK, PortBook
from local.services.docker.address import engine_address

if TYPE_CHECKING:
    import docker

IMAGE = "grafana/grafana:11.3.0"
FOLDER = ROOT / "infra" / "monitoring" / "grafana"
PROVISIONED = "/etc/grafana/provisioning"
DASHBOARDS = "/var/lib/grafana/dashboards"
READY_SECONDS = 30.0
POLL_SECONDS = 0.5
NO_DOCKER = "Grafana: no Docker engine answers, so it does not run"


def start(checkout: Checkout, prometheus_url: str) -> str:
    """Start it anew; returns a sentence: where it is, or why it is not."""
    if engine_address() is None:
        return NO_DOCKER
    from docker.errors import DockerException

    from local.services.docker.engine import connect, ensure_image
    from local.services.service import ServersUnusable

    try:
        client = connect()
        _remove(client, _name(checkout))
        ensure_image(client, IMAGE)
        url = _run(client, checkout, prometheus_url)
    except (ServersUnusable, DockerException) as error:
        return f"Grafana: {error}"
    return f"Grafana: {url}" if _answers(url) else f"Grafana: {url} does not answer yet"


def stop(checkout: Checkout) -> None:
    """Remove its container, if there is one."""
    if engine_address() is None:
        return
    from local.services.docker.engine import connect
    from local.services.service import ServersUnusable

    try:
        _remove(connect(), _name(checkout))
    except ServersUnusable:
        return


def _name(checkout: Checkout) -> str:
    return f"{checkout.name}_grafana"


def _run(client: docker.DockerClient, checkout: Checkout, prometheus_url: str) -> str:
    """It shares the machine's network, because Prometheus listens on loopback only."""
    port = PortBook(checkout).port("grafana")
    client.containers.run(
        IMAGE,
        name=_name(checkout),
        detach=True,
        network_mode="host",
        environment={
            "GF_SERVER_HTTP_ADDR": LOOPBACK,
            "GF_SERVER_HTTP_PORT": str(port),
            "GF_AUTH_ANONYMOUS_ENABLED": "true",
            "GF_AUTH_ANONYMOUS_ORG_ROLE": "Viewer",
            "GF_AUTH_DISABLE_LOGIN_FORM": "true",
            "GF_AUTH_BASIC_ENABLED": "false",
            "GF_ANALYTICS_REPORTING_ENABLED": "false",
            "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
            "PROMETHEUS_URL": prometheus_url,
        },
        volumes={
            str(FOLDER / "provisioning"): {"bind": PROVISIONED, "mode": "ro"},
            str(FOLDER / "dashboards"): {"bind": DASHBOARDS, "mode": "ro"},
        },
    )
    return f"http://{LOOPBACK}:{port}"


def _remove(client: docker.DockerClient, name: str) -> None:
    from docker.errors import NotFound

    try:
        client.containers.get(name).remove(force=True)
    except NotFound:
        return


def _answers(url: str) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            answer = httpx.get(f"{url}/api/health", timeout=2, trust_env=False)
        except httpx.HTTPError:
            time.sleep(POLL_SECONDS)
            continue
        return answer.status_code == httpx.codes.OK
    return False
