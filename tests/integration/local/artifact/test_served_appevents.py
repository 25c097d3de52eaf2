"""app.events as AWS would run it: an event through the packaged functions to its outcome."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest

from chalicelib import systems
from fintegrate.messaging.depths import depths
from fintegrate.messaging.management import Management
from local.appevents.tokens import make_token
from local.artifact.package.make import package
from local.artifact.server import ArtifactServer, start_artifacts
from local.services.databases import create_database, drop_database, with_users
from local.services.running import RunningServices
from local.services.settings import settings_environment
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(os.name != "posix", reason="AWS's runtime client is for Linux")
SYSTEM = systems.system_of("appevents")
OWN = f"app_served_{os.getpid()}"
EVENTS = "/api/v1/notify/events"


@pytest.fixture(scope="module")
def environment(services: RunningServices) -> Iterator[dict[str, str]]:
    """Settings of functions with empty databases and a virtual host that they have to make."""
    urls = services.urls
    users: dict[str, str] = {}
    names = {each.setting: f"{each.name}_{OWN}" for each in SYSTEM.databases}
    for setting, name in names.items():
        users |= with_users(urls, create_database(urls, name), setting)
    address = urlsplit(urls.rabbitmq_url).netloc.rpartition("@")[2]
    yield settings_environment(
        urls,
        **users,
        APP_RABBITMQ_URL=f"amqp://{OWN}:{OWN}@{address}/app",
        SYSTEM="appevents",
        LAMBDA_SANDBOX="process",
        RATE_LIMIT_IP_PER_MINUTE="1000000",
        APP_RATE_LIMIT_USER_BURST="1000000",
    )
    Management(urls.rabbitmq_management_url).delete_user(OWN)
    for name in names.values():
        drop_database(urls, name)


@pytest.fixture(scope="module")
def served(environment: dict[str, str]) -> Iterator[ArtifactServer]:
    deployed = start_artifacts([package("appevents")], environment)
    with deployed.server:
        yield deployed


USER, VIEWER = str(uuid.uuid4()), str(uuid.uuid4())


@pytest.fixture
def call(served: ArtifactServer, environment: dict[str, str]) -> Any:
    """Calls as a user."""

    def call(method: str, path: str, body: Any = None, user: str = USER, **headers: str) -> Any:
        token = make_token(environment, user, hours=1)
        answer = httpx.request(
            method,
            f"{served.base_url}{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}", **headers},
            timeout=60,
            trust_env=False,
        )
        assert answer.is_success, answer.text
        return answer.json()["data"]

    return call


def test_event_reaches_its_outcome(call: Any) -> None:
    """The queues feed the service's function, and the notification's with what it tells."""
    told = {
        "event_type": "machine.note.saved",
        "client_generated_id": str(uuid.uuid4()),
        "timestamp": "2026-11-26T10:00:00Z",
        "data": {"machine_id": "leg-press-2", "body": "Seat on 4"},
    }

    accepted = call("POST", EVENTS, told)

    assert (accepted["client_generated_id"], accepted["duplicate"]) == (
        told["client_generated_id"],
        False,
    )
    place = f"{EVENTS}/{quote(accepted['client_generated_id'])}"
    state = eventually(
        lambda: (found := call("GET", place))["outcome"] and found, "the outcome", seconds=90
    )
    assert (state["status"], state["outcome"]["data"]["note_id"]) == (
        "processed",
        told["client_generated_id"],
    )
    (note,) = call("GET", "/api/v1/machines/leg-press-2/notes")["notes"]
    assert note["body"] == "Seat on 4"


def test_private_feed_opens_with_its_token(call: Any) -> None:
    """The API fetches the public keys from itself."""
    secret = "open it 7"
    call("PUT", "/api/v1/settings/feed-access", {"visibility": "passcode", "passcode": secret})

    given = call("POST", f"/api/v1/feed/{USER}/access", {"passcode": secret}, VIEWER)
    token = {"X-Feed-Access": given["access_token"]}

    assert call("GET", f"/api/v1/feed/{USER}", None, VIEWER, **token)["posts"] == []


def test_uploaded_file_is_processed(call: Any) -> None:
    """What is no video says why."""
    content, video = b"these are no pictures", str(uuid.uuid4())
    told = {"filename": "a.mp4", "content_type": "video/mp4", "size_bytes": len(content)}
    upload = call("POST", "/api/v1/videos", {**told, "client_generated_id": video})["upload"]
    httpx.put(
        upload["url"], content=content, headers=upload["headers"], trust_env=False
    ).raise_for_status()
    call("POST", f"/api/v1/videos/{video}/complete", {})

    said = eventually(
        lambda: (
            found
            if (found := call("GET", f"/api/v1/videos/{video}"))["status"] == "failed"
            else None
        ),
        "it is processed",
        seconds=90,
    )
    assert said["failure"]["reason_code"] == "unsupported_format"


def test_package_made_its_user_of_the_broker(
    served: ArtifactServer, environment: dict[str, str]
) -> None:
    found = eventually(
        lambda: (
            depth
            if (depth := depths(environment["APP_RABBITMQ_URL"], ["app.machine"])["app.machine"])
            and depth.consumers
            else None
        ),
        "a function reads the queue",
        seconds=90,
    )
    assert found.consumers == 1


def test_packages_gateway_refuses_strangers(served: ArtifactServer) -> None:
    answer = httpx.get(f"{served.base_url}{EVENTS}", timeout=60, trust_env=False)

    assert answer.status_code == 401
    assert answer.json()["data"] == {}


@pytest.mark.parametrize("name", ["demo", "feed"])
def test_page_and_its_files_are_packaged(served: ArtifactServer, name: str) -> None:
    page = httpx.get(f"{served.base_url}/app/{name}", timeout=60, trust_env=False)
    files = re.findall(r'(?:href|src)="([\w.]+\?v=[^"]+)"', page.text)

    assert page.status_code == 200
    assert len(files) == 4
    for file in [*files, "offline-queue.js"]:
        answer = httpx.get(f"{served.base_url}/app/{file}", timeout=60, trust_env=False)
        assert (answer.status_code, bool(answer.text)) == (200, True), file
