"""Has Prometheus watch what a checkout serves, and says what it can read."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from local.machine.checkout import Checkout
from local.machine.credentials import write_private
from local.monitoring import grafana
from local.monitoring.programs import (
    KINDS,
    Alertmanager,
    Monitor,
    PostgresExporter,
    Prometheus,
    RedisExporter,
)
from local.services.installing import install_where_allowed
from local.services.running import RunningServices, ensure_services
from local.services.settings import secret_settings
from local.serving.background import BackgroundServer

SERVED = ("server", "deploy")
"""What serves the API, by the name of the background server: `make up`, `make deploy-local`."""
SCRAPED_SECONDS = 15.0
POLL_SECONDS = 0.2


class NothingServed(RuntimeError):
    """There is nothing to watch; the text says what to do."""


class Target(NamedTuple):
    """What Prometheus reads, and whether it could."""

    job: str
    url: str
    health: str
    """`up`, `down` or `unknown`."""
    error: str


class Watched(NamedTuple):
    """What was started."""

    prometheus: str
    alertmanager: str | None
    targets: Sequence[Target]
    missing: Sequence[str]
    """The programs that are not installed."""


def start(checkout: Checkout) -> Watched:
    """Watch what `make up` or `make deploy-local` serves; installs what is missing.

    Raises:
        NothingServed: no API of this checkout runs
        ServersUnusable: Prometheus is not installed or does not come up
    """
    served = _served(checkout)
    install_where_allowed([kind.program for kind in KINDS if kind.program.find() is None])
    key = secret_settings(checkout)["ADMIN_API_KEY"]
    with ensure_services(checkout, keep=True) as services:
        return watch(checkout, services, served, key)


def watch(checkout: Checkout, services: RunningServices, served: str, key: str) -> Watched:
    """Start all that is installed anew, and wait until every target was read once.

    Args:
        checkout: where its data are, and their ports
        served: the address of the API
        key: the admin's

    Raises:
        ServersUnusable: Prometheus is not installed or does not come up
    """
    monitors: list[Monitor] = [
        PostgresExporter(checkout, services.urls),
        RedisExporter(checkout, services.urls),
        Alertmanager(checkout),
    ]
    there = [each for each in monitors if each.program.find()]
    prometheus = Prometheus(checkout, served)
    stop(checkout)
    for each in there:
        each.start()
    prometheus.ports.renew_taken(prometheus.port_names)
    targets = {each.job: each.address for each in (*there, prometheus)}
    targets["fintegrate"] = urlsplit(served).netloc
    if not services.external and (broker := services.rabbitmq.metrics_address):
        targets["rabbitmq"] = broker
    _write_beside(prometheus, targets, key)
    prometheus.start()
    prometheus.wait_ready()
    alertmanager = next((each for each in there if isinstance(each, Alertmanager)), None)
    return Watched(
        prometheus.url,
        alertmanager.url if alertmanager else None,
        _read_once(prometheus.url),
        [each.program.name for each in monitors if each not in there],
    )


def stop(checkout: Checkout) -> None:
    """Stop what `start` has started; its data stay."""
    grafana.stop(checkout)
    for kind in KINDS:
        kind(checkout).stop()


def _served(checkout: Checkout) -> str:
    for name in SERVED:
        if url := BackgroundServer(checkout, name).url():
            return url
    raise NothingServed("Nothing is served that could be watched. First: make up")


def _write_beside(prometheus: Prometheus, targets: Mapping[str, str], key: str) -> None:
    """Write what its configuration expects beside it: the key, and a file of targets for each job."""
    write_private(prometheus.home / "admin_key", key)
    folder = prometheus.home / "targets"
    folder.mkdir(exist_ok=True)
    for file in folder.glob("*.json"):
        file.unlink()
    for job, address in targets.items():
        (folder / f"{job}.json").write_text(json.dumps([{"targets": [address]}]))


def _read_once(url: str) -> list[Target]:
    """The targets, once none is unknown any more, or the time is up."""
    deadline = time.monotonic() + SCRAPED_SECONDS
    while True:
        targets = _read_targets(url)
        settled = targets and all(target.health != "unknown" for target in targets)
        if settled or time.monotonic() > deadline:
            return targets
        time.sleep(POLL_SECONDS)


def _read_targets(url: str) -> list[Target]:
    found: list[Mapping[str, Any]] = []
    with suppress(httpx.HTTPError):
        answer = httpx.get(f"{url}/api/v1/targets", timeout=5, trust_env=False)
        found = answer.json()["data"]["activeTargets"]
    return sorted(
        Target(each["labels"]["job"], each["scrapeUrl"], each["health"], each["lastError"])
        for each in found
    )
