"""A bank's program stops: Prometheus sees it at the broker and calls somebody, with the bank's name."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from chalicelib.banking.events.topology import queue_name
from local.banking.queue_figures import figures, observe
from local.machine.checkout import Checkout
from local.monitoring.programs import Prometheus
from local.monitoring.watching import Watched, stop, watch
from local.services.native.prometheus import PROMETHEUS
from local.services.running import RunningServices
from local.serving.server import start_server
from tests.support.banking import Bank
from tests.support.broker import channel
from tests.support.monitoring import OTHERS, every_expression, names_in
from tests.support.promtool import promtool
from tests.support.waiting import eventually

ALERT = "QueueWithoutReader"
SECONDS = 60.0


@pytest.fixture
def watched(
    environment: dict[str, str],
    services: RunningServices,
    bank: Bank,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Prometheus, Watched]]:
    """Prometheus beside a served API; alerts that wait five minutes wait one second."""
    promtool("--version")
    checkout = Checkout(tmp_path_factory.mktemp("monitoring"))
    key = environment["ADMIN_API_KEY"]
    with start_server({**environment, "SCHEDULER": "off"}) as server:
        found = watch(checkout, services, server.base_url, key)
        prometheus = Prometheus(checkout)
        make_impatient(prometheus)
        yield prometheus, found
        stop(checkout)


def make_impatient(prometheus: Prometheus) -> None:
    rules = prometheus.home / "rules" / "alerts.yml"
    rules.write_text(rules.read_text().replace("for: 5m", "for: 1s"))
    leader = prometheus.family.leader()
    assert leader is not None
    leader.send_signal(signal.SIGHUP)


def ask(prometheus: Prometheus, path: str, **query: str) -> Any:
    answer = httpx.get(f"{prometheus.url}/api/v1/{path}", params=query, trust_env=False)
    return answer.raise_for_status().json()["data"]


def see(environment: dict[str, str], bank: Bank, readers: int) -> None:
    """Keep the broker's figures once there is a message, with so many readers."""
    management, name = environment["RABBITMQ_MANAGEMENT_URL"], queue_name(bank.name)

    def seen() -> bool:
        return any(
            each.consumers == readers and (each.ready or 0) + (each.unacknowledged or 0) > 0
            for each in figures(management)
            if each.name == name
        )

    eventually(seen, f"{readers} readers in the broker's figures")
    observe(environment["DATABASE_URL"], management)


def firing(prometheus: Prometheus, bank: Bank) -> list[Any]:
    return [
        alert
        for alert in ask(prometheus, "alerts")["alerts"]
        if alert["labels"]["alertname"] == ALERT
        and alert["labels"]["consumer"] == bank.name
        and alert["state"] == "firing"
    ]


@pytest.mark.night_long
def test_stopped_program_makes_alert_fire(
    watched: tuple[Prometheus, Watched],
    bank: Bank,
    environment: dict[str, str],
    rabbitmq_url: str,
) -> None:
    prometheus, found = watched
    assert PROMETHEUS.find() is not None
    assert {target.job: target.health for target in found.targets}.items() >= {
        "fintegrate": "up",
        "prometheus": "up",
        "rabbitmq": "up",
    }.items(), found
    assert (prometheus.home / "admin_key").stat().st_mode & 0o077 == 0
    bank.create_customer()
    with channel(rabbitmq_url) as ch:
        ch.basic_consume(queue_name(bank.name), lambda *_: None)
        see(environment, bank, readers=1)
        read = f'fintegrate_queue_readers{{consumer="{bank.name}"}} == 1'
        eventually(lambda: ask(prometheus, "query", query=read)["result"], read, SECONDS)
        assert firing(prometheus, bank) == []

    see(environment, bank, readers=0)
    (alert,) = eventually(lambda: firing(prometheus, bank), "the alert fires", SECONDS)

    assert alert["labels"]["severity"] == "page"
    assert bank.name in alert["annotations"]["console"]
    assert alert["annotations"]["description"].startswith("1 wait in the queue")
    assert "error" not in "".join(alert["annotations"].values())


@pytest.mark.night_long
def test_dashboards_name_what_exporters_have(watched: tuple[Prometheus, Watched]) -> None:
    prometheus, found = watched
    if found.missing:
        pytest.skip(f"not installed: {', '.join(found.missing)}")
    wanted = {name for each in every_expression() for name in names_in(each, OTHERS)}

    def there() -> bool:
        return wanted <= set(ask(prometheus, "label/__name__/values"))

    eventually(there, "every metric of another server", SECONDS)
    groups = ask(prometheus, "rules")["groups"]
    assert [
        rule["name"] for group in groups for rule in group["rules"] if rule.get("lastError")
    ] == []
