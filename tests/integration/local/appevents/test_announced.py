"""What `.local/env` and `.local/deploy.env` tell other tools of app.events, tried on real servers."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from urllib.parse import urlsplit

import jwt
import pytest

from chalicelib import systems
from local.appevents.object_store import client_of
from local.appevents.tokens import with_users
from local.machine.checkout import Checkout
from local.services.amqp import channel_on
from local.services.installation import Installation
from local.services.running import RunningServices
from local.services.settings import settings_environment

OBJECTS = ("ENDPOINT", "REGION", "BUCKET", "ACCESS_KEY", "SECRET_KEY")


@pytest.fixture(params=["env", "deploy.env"])
def told(
    request: pytest.FixtureRequest, services: RunningServices, tmp_path: Path
) -> dict[str, str]:
    """What the file says that the commands write."""
    installed = Installation(Checkout(tmp_path), services, settings_environment(services.urls))
    with_users(installed).write_env("http://127.0.0.1:8000", request.param)
    lines = (tmp_path / ".local" / request.param).read_text().splitlines()
    return {
        name: shlex.split(value)[0]
        for name, _, value in (line.partition("=") for line in lines)
        if value
    }


def test_every_database_is_named(told: dict[str, str]) -> None:
    for database in systems.system_of("appevents").databases:
        url = told[database.setting]
        assert urlsplit(url).path.startswith(f"/{database.name}")
        assert urlsplit(url).username == f"{database.name}_app"
        assert database.master_setting not in told


def test_broker_and_object_store_answer(told: dict[str, str]) -> None:
    assert urlsplit(told["APP_RABBITMQ_URL"]).path == "/app"
    with channel_on(told["APP_RABBITMQ_URL"]) as channel:
        channel.queue_declare("", exclusive=True)
    assert [name for name in OBJECTS if not told.get(f"OBJECT_STORE_{name}")] == []
    client_of(told).head_bucket(Bucket=told["OBJECT_STORE_BUCKET"])


def test_two_users_have_tokens_for_a_day(told: dict[str, str]) -> None:
    for name in ("ALICE", "BOB"):
        said = jwt.decode(
            told[f"APP_TOKEN_{name}"],
            told["JWT_SHARED_SECRET"],
            told["JWT_ALGORITHMS"].split(","),
            issuer=told["JWT_ISSUER"],
            audience=told["JWT_AUDIENCE"],
        )
        assert said["sub"] == told[f"APP_USER_{name}"]
        assert abs(said["exp"] - time.time() - 24 * 3600) < 600
