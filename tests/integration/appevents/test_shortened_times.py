"""Bounds and times that settings change, so that nobody has to wait for them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.appevents import wiring
from chalicelib.appevents.settings import passcodes
from tests.integration.appevents.conftest import User
from tests.integration.appevents.feeds import ask, key_set, make_private, verified
from tests.support.waiting import eventually

Rewire = Callable[..., wiring.Parts]
MakeUser = Callable[[], User]


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passcodes, "COST", 4)


def test_tries_come_back_sooner(rewired: Rewire, make_user: MakeUser) -> None:
    rewired(PASSCODE_TRIES="2", PASSCODE_TRIES_SECONDS="2")
    viewer, owner = make_user(), make_user()
    make_private(owner)

    statuses = [ask(viewer, owner, "wrong").status for _ in range(3)]

    assert statuses == [403, 403, 429]
    eventually(lambda: ask(viewer, owner).status == 200, "a try is given back")


def test_tries_of_all_come_back_sooner(rewired: Rewire, make_user: MakeUser) -> None:
    rewired(PASSCODE_OWNER_TRIES="1", PASSCODE_OWNER_TRIES_SECONDS="2")
    owner = make_user()
    make_private(owner)

    assert [ask(make_user(), owner, "wrong").status for _ in range(2)] == [403, 429]
    eventually(lambda: ask(make_user(), owner).status == 200, "a try is given back")


def test_access_ends_sooner(rewired: Rewire, make_user: MakeUser) -> None:
    rewired(FEED_ACCESS_SECONDS="60")
    viewer, owner = make_user(), make_user()
    make_private(owner)

    claims = verified(key_set(), ask(viewer, owner).data["access_token"])

    assert claims["exp"] - claims["iat"] == 60


def test_upload_ends_sooner(rewired: Rewire, user: User) -> None:
    rewired(UPLOAD_EXPIRES_SECONDS="60", UPLOAD_URL_SECONDS="30", MAX_UPLOAD_BYTES="9")
    wanted = {
        "filename": "squat.mp4",
        "content_type": "video/mp4",
        "client_generated_id": str(uuid.uuid4()),
    }

    too_large = user.call("POST", "/api/v1/videos", {**wanted, "size_bytes": 10})
    made = user.call("POST", "/api/v1/videos", {**wanted, "size_bytes": 9})

    assert (too_large.status, made.status) == (422, 201)
    ends = [moment(made.data), moment(made.data["upload"])]
    assert timedelta(seconds=20) < ends[0] - ends[1] < timedelta(seconds=40)


def moment(said: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(said["expires_at"])


def test_retries_end_sooner(rewired: Rewire, user: User, settle: Callable[[str], None]) -> None:
    """With one wait the second failure is the last one."""
    rewired(APP_RETRY_SECONDS="0.2")
    deleted = user.tell("machine.note.deleted", {"note_id": str(uuid.uuid4())})

    def is_settled() -> bool:
        settle("machine")
        return user.state(deleted)["outcome"] is not None

    eventually(is_settled, "the retries are over")
    assert user.state(deleted)["reason"] == "note_not_found"
