"""Both systems behind the one local gateway: a batch is accepted, and delivered after a nudge."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg2
import pytest
from standardwebhooks.webhooks import Webhook

from local.artifact.package.make import package
from local.artifact.server import ArtifactServer, start_artifacts
from local.services.databases import create_database, drop_database, with_users
from local.services.running import RunningServices
from local.services.settings import settings_environment
from tests.support.receiver import Receiver, receiving
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(os.name != "posix", reason="AWS's runtime client is for Linux")
BANKING, RELAY = (f"{name}_{os.getpid()}" for name in ("with_relay", "relay_served"))
SETTING = "RELAY_DATABASE_URL"
EVENT = {
    "storefront_id": "bosley",
    "event_name": "purchase_completed",
    "event_time": datetime.now(UTC).isoformat(),
    "order_id": "2025010100001111",
    "order_revenue": 80.79,
}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def environment(services: RunningServices, receiver: Receiver) -> Iterator[dict[str, str]]:
    """Settings of both systems, each with a database of its own."""
    urls = services.urls
    yield settings_environment(
        urls,
        **with_users(urls, create_database(urls, BANKING)),
        **with_users(urls, create_database(urls, RELAY), SETTING),
        RELAY_ALLOW_HOSTS=receiver.allowed,
        SCHEDULER="off",  # so what arrives was nudged
        LAMBDA_SANDBOX="process",
        RATE_LIMIT_IP_PER_MINUTE="1000000",
    )
    for name in (BANKING, RELAY):
        drop_database(urls, name)


@pytest.fixture(scope="module")
def served(environment: dict[str, str]) -> Iterator[ArtifactServer]:
    deployed = start_artifacts([package("banking"), package("relay")], environment)
    with deployed.server:
        yield deployed


@pytest.fixture(scope="module")
def ask(served: ArtifactServer, environment: dict[str, str]) -> Any:
    """Asks as the relay's admin or as the order system."""
    passwords = {
        "admin": environment["RELAY_ADMIN_PASSWORD"],
        "oms": environment["RELAY_INGEST_PASSWORD"],
    }

    def ask(user: str, method: str, path: str, body: Any = None) -> Any:
        answer = httpx.request(
            method,
            f"{served.base_url}{path}",
            json=body,
            auth=(user, passwords[user]),
            timeout=60,
        )
        assert answer.is_success, answer.text
        return answer.json()["data"]

    return ask


@pytest.fixture
def platform(served: ArtifactServer, environment: dict[str, str]) -> int:
    """The platform of webhooks, which the packaged migration made."""
    with closing(psycopg2.connect(environment[SETTING])) as session, session.cursor() as cursor:
        cursor.execute("SELECT id FROM ad_analytics_platforms WHERE adapter = 'webhook'")
        (number,) = cursor.fetchone() or (0,)
    return int(number)


def test_batch_is_delivered_by_the_queue(ask: Any, receiver: Receiver, platform: int) -> None:
    shop = ask("admin", "POST", "/admin/v1/storefronts", {"storefront_id": "bosley", "name": "B"})
    secret = destination(ask, shop["id"], platform, receiver.url)

    accepted = ask("oms", "POST", "/v1/events", {"data": [EVENT]})

    assert accepted["accepted"] == 1
    got = eventually(lambda: receiver.got, "the webhook gets the event", seconds=60)
    Webhook(secret).verify(got[0].body, dict(got[0].headers))
    number = accepted["results"][0]["id"]
    eventually(lambda: states(ask, number) == ["delivered"], "the delivery is written down")
    (credential,) = ask("admin", "GET", "/admin/v1/credentials")["credentials"]
    check = ask("admin", "POST", f"/admin/v1/credentials/{credential['id']}/test")
    assert (check["outcome"], check["http_status"]) == ("delivered", 200)
    found = ask("admin", "GET", "/admin/v1/events?delivery_status=delivered")["events"]
    assert [event["id"] for event in found] == [number]


def test_each_system_answers_its_paths(served: ArtifactServer) -> None:
    def status(path: str) -> int:
        return httpx.get(f"{served.base_url}{path}", timeout=60).status_code

    assert status("/health") == 200
    assert status("/customer/list") == 401
    assert status("/admin/v1/storefronts") == 401
    assert status("/no/such/path") == 404


def states(ask: Any, number: int) -> list[str]:
    life = ask("admin", "GET", f"/admin/v1/events/{number}")
    return [each["status"] for each in life["deliveries"]]


def destination(ask: Any, storefront: int, platform: int, url: str) -> str:
    """Add a webhook; returns its secret."""
    added = ask(
        "admin",
        "POST",
        "/admin/v1/credentials",
        {
            "storefront_id": storefront,
            "platform_id": platform,
            "credentials": {},
            "settings": {"url": url},
        },
    )
    return str(added["made"]["secret"])
