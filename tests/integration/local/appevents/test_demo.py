"""The demo on the real functions: the books and what both users see agree in the end."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from local.appevents.demo.stage import Choices, play_on
from local.appevents.object_store import client_of, remove_objects
from local.machine.checkout import Checkout
from local.services.installation import Installation
from local.services.running import RunningServices
from local.services.settings import settings_environment
from local.serving.playing import WrongChoice
from tests.conftest import WORKER


@pytest.fixture
def installation(services: RunningServices) -> Installation:
    return Installation(Checkout(), services, settings_environment(services.urls))


def test_demo_adds_up(installation: Installation) -> None:
    if not os.environ.get("CI") and not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed: make setup")
    output = StringIO()

    status = play_on(Console(file=output, width=80), Choices(1), installation, f"demo_{WORKER}")

    said = output.getvalue()
    assert status == 0, said
    assert "everything adds up" in said
    assert "accepted 18 = processed 17 + rejected 1 + under way 0" in said
    for words in (
        "accepted, duplicate, invalid, accepted",
        "a wrong passcode (403)",
        "it is a dead letter: not_json",
    ):
        assert words in said, said
    assert max(map(len, said.splitlines())) <= 100


def test_demo_removes_its_objects_only(installation: Installation) -> None:
    settings, place = installation.environment, f"demo_{WORKER}"
    store, bucket = client_of(settings), settings["OBJECT_STORE_BUCKET"]
    keys = [f"{place}/{name}" for name in ("mine/1", "mine/2", "other/1")]
    for key in keys:
        store.put_object(Bucket=bucket, Key=key, Body=b"1")

    remove_objects(settings, f"{place}/mine/")

    left = store.list_objects_v2(Bucket=bucket, Prefix=place)["Contents"]
    assert [each["Key"] for each in left] == keys[2:]
    remove_objects(settings, place)


@pytest.mark.parametrize(
    ("missing", "words"),
    [({"OBJECT_STORE_ENDPOINT": ""}, "OBJECT_STORE_ENDPOINT"), ({"FFMPEG": "/none"}, "make setup")],
)
def test_demo_says_what_is_missing(
    installation: Installation, missing: dict[str, str], words: str
) -> None:
    without = replace(installation, environment={**installation.environment, **missing})

    with pytest.raises(WrongChoice, match=words):
        play_on(Console(file=StringIO()), Choices(1), without, f"demo_{WORKER}")
