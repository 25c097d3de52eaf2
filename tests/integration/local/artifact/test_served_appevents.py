"""app.events as AWS would run it: an event through the packaged functions to its outcome."""

from __future__ import annotations

import json
import os
import re
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
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
from tests.support.ffmpeg import LAYERS, folder_of
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(os.name != "posix", reason="AWS's runtime client is for Linux")
SYSTEM = systems.system_of("appevents")
OWN = f"app_served_{os.getpid()}"
EVENTS = "/api/v1/notify/events"
PAGES = "https://app.example.com"
USER, VIEWER = str(uuid.uuid4()), str(uuid.uuid4())
UPLOAD = {
    "title": "100 kg!",
    "filename": "squat.mp4",
    "content_type": "video/mp4",
    "size_bytes": 1_000,
}


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
        CORS_ORIGINS=PAGES,
    )
    Management(urls.rabbitmq_management_url).delete_user(OWN)
    for name in names.values():
        drop_database(urls, name)


@pytest.fixture(scope="module")
def served(environment: dict[str, str]) -> Iterator[ArtifactServer]:
    deployed = start_artifacts([package("appevents")], environment)
    with deployed.server:
        yield deployed


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


def outcome_of(call: Any, event_type: str, data: Any) -> Any:
    """What an event led to, through its service's queue and that of the outcomes."""
    told = {
        "event_type": event_type,
        "client_generated_id": str(uuid.uuid4()),
        "timestamp": "2026-11-26T10:00:00Z",
        "data": data,
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
    assert state["status"] == "processed", state
    return state["outcome"]


@pytest.mark.parametrize(
    ("event_type", "data", "outcome", "path"),
    [
        (
            *("machine.note.saved", {"machine_id": "leg-press-2", "body": "Seat on 4"}),
            *("machine.note.persisted", "/api/v1/machines/leg-press-2/notes"),
        ),
        (
            *("program.created", {"name": "Strength", "weeks": 8}),
            *("program.persisted", "/api/v1/programs"),
        ),
        (
            *("dm.conversation.started", {"participant_ids": [VIEWER]}),
            *("dm.conversation.persisted", "/api/v1/conversations"),
        ),
        (
            *("app.settings.submitted", {"theme": "dark"}),
            *("app.settings.persisted", "/api/v1/settings/app"),
        ),
        (
            *("media.upload_requested", UPLOAD),
            *("media.upload_ready", "/api/v1/videos"),
        ),
    ],
)
def test_event_reaches_its_outcome(
    call: Any, event_type: str, data: Any, outcome: str, path: str
) -> None:
    """The queues feed each service's function, and the notification's with what it tells."""
    found = outcome_of(call, event_type, data)

    assert found["event_type"] == outcome
    shown = json.dumps(call("GET", path))
    first = next(value for name, value in data.items() if name != "machine_id")
    assert str(first[0] if isinstance(first, list) else first) in shown


def test_browsers_module_is_served(served: ArtifactServer) -> None:
    url = f"{served.base_url}/app/offline-queue.js"
    first = httpx.get(url, timeout=60, trust_env=False)
    known = {"If-None-Match": first.headers["etag"]}

    assert "export function createOfflineQueue" in first.text
    assert first.headers["content-encoding"] == "gzip"
    again = httpx.get(url, headers=known, timeout=60, trust_env=False)
    assert (again.status_code, again.content) == (304, b"")


def test_private_feed_opens_with_its_token(call: Any) -> None:
    """The API takes the public keys from the settings in its own process."""
    secret = "open it 7"
    call("PUT", "/api/v1/settings/feed-access", {"visibility": "passcode", "passcode": secret})

    given = call("POST", f"/api/v1/feed/{USER}/access", {"passcode": secret}, VIEWER)
    token = {"X-Feed-Access": given["access_token"]}

    assert call("GET", f"/api/v1/feed/{USER}", None, VIEWER, **token)["posts"] == []


def settled_video(call: Any, content: bytes) -> Any:
    """A video of USER's, when its processing has ended."""
    video = str(uuid.uuid4())
    told = {**UPLOAD, "size_bytes": len(content), "client_generated_id": video}
    upload = call("POST", "/api/v1/videos", told)["upload"]
    httpx.put(
        upload["url"], content=content, headers=upload["headers"], trust_env=False
    ).raise_for_status()
    call("POST", f"/api/v1/videos/{video}/complete", {})
    return eventually(
        lambda: (
            found
            if (found := call("GET", f"/api/v1/videos/{video}"))["status"]
            in ("failed", "processed")
            else None
        ),
        "it is processed",
        seconds=180,
    )


def test_file_without_pictures_says_why(call: Any) -> None:
    said = settled_video(call, b"these are no pictures")

    assert said["failure"]["reason_code"] == "unsupported_format"


def test_clip_becomes_a_post(call: Any, tmp_path: Path) -> None:
    """With the program of the package's own layer, whatever this machine has."""
    program, clip = folder_of(LAYERS, tmp_path) / "ffmpeg", tmp_path / "clip.mp4"
    pattern = ("-f", "lavfi", "-i", "testsrc=size=320x240:rate=10:duration=1")
    command = [program, "-loglevel", "error", *pattern, "-pix_fmt", "yuv420p", clip]
    subprocess.run(command, check=True, timeout=120)

    said = settled_video(call, clip.read_bytes())

    assert (said["status"], said["failure"]) == ("processed", None)
    assert (said["metadata"]["width"], said["metadata"]["video_codec"]) == (320, "h264")
    made = httpx.get(said["urls"]["video_url"], trust_env=False).content
    assert b"Lavf61." in made  # the library of ffmpeg 7
    assert call("GET", f"/api/v1/posts/{said['post_id']}")["title"] == UPLOAD["title"]


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


def test_operators_read_what_queues_did(
    call: Any, served: ArtifactServer, environment: dict[str, str]
) -> None:
    """The queue functions' processes serve no request: they send their counts themselves."""
    outcome_of(call, "machine.note.saved", {"machine_id": "row-1", "body": "Seat on 2"})

    def get(path: str, **headers: str) -> httpx.Response:
        url = f"{served.base_url}/api/v1/{path}"
        return httpx.get(url, headers=headers, timeout=60, trust_env=False)

    metrics = get("metrics", **{"X-API-Key": environment["ADMIN_API_KEY"]}).text

    for service in ("machine", "notification"):
        assert f'fintegrate_app_messages_total{{service="{service}",step="applied"}}' in metrics
        assert f'fintegrate_app_batch_seconds_count{{service="{service}"}}' in metrics
    assert 'fintegrate_app_outcomes_total{outcome="processed"}' in metrics
    assert "fintegrate_app_oldest_unsettled_age_seconds" in metrics
    assert get("metrics").status_code == 401
    assert get("health").json()["data"]["database"]["status"] == "up"


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


def test_page_of_a_listed_origin_reads(served: ArtifactServer) -> None:
    asked = {"Origin": PAGES, "Access-Control-Request-Method": "POST"}
    preflight, refused, unknown = (
        httpx.request(m, f"{served.base_url}{path}", headers=asked, timeout=60, trust_env=False)
        for m, path in (("OPTIONS", EVENTS), ("POST", EVENTS), ("GET", "/api/v1/nothing"))
    )

    assert [a.status_code for a in (preflight, refused, unknown)] == [204, 401, 404]
    for answer in (preflight, refused, unknown):
        assert answer.headers["access-control-allow-origin"] == PAGES
    assert preflight.headers["access-control-allow-methods"] == "GET, HEAD, POST"
