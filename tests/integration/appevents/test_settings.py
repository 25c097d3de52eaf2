"""Settings of users and of the app: each field by itself, the later one counts."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.appevents import wiring
from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.settings import AppSettingsSubmitted, UserSettingsSubmitted
from chalicelib.appevents.settings.app_settings import read_app_settings, submit_app_settings
from chalicelib.appevents.settings.user_settings import submit_user_settings
from fintegrate.messaging.inbox import Rejected
from tests.integration.appevents.conftest import User, event

Settle = Callable[[str], None]
USER, APP = "/api/v1/settings/user", "/api/v1/settings/app"
NOBODYS = dict.fromkeys(("weight", "height", "age", "training_days_per_week", "display_name"))
WEIGHT = {"value": 72.5, "unit": "kg"}


def told(user_id: str, model: Any, minute: int, sequence: int | None = None, **data: Any) -> Any:
    """An event that happened at this minute."""
    at = datetime(2026, 11, 26, 10, minute, tzinfo=UTC)
    said = model.model_validate(data)
    return Event(str(uuid.uuid4()), user_id, "x", said, at, at, sequence, "", None)


def test_settings_are_merged_and_told(user: User, settle: Settle) -> None:
    assert user.call("GET", USER).data == NOBODYS
    first = user.tell("user.settings.submitted", {"weight": WEIGHT, "age": 34})
    second = user.tell("user.settings.submitted", {"display_name": " Ada 🌍 ", "age": 35})
    settle("settings")

    now = {**NOBODYS, "weight": WEIGHT, "age": 35, "display_name": "Ada 🌍"}
    assert user.call("GET", USER).data == now
    assert user.state(second)["outcome"]["data"] == now
    assert user.state(first)["outcome"]["event_type"] == "user.settings.persisted"


def test_settings_of_users_are_apart(make_user: Callable[[], User], settle: Settle) -> None:
    one, other = make_user(), make_user()
    one.tell("app.settings.submitted", {"theme": "dark", "language": "de-AT"})
    other.tell("app.settings.submitted", {"notifications": {"news": False}})
    settle("settings")

    assert one.call("GET", APP).data == {
        "theme": "dark",
        "language": "de-AT",
        "notifications": {},
    }
    assert other.call("GET", APP).data["notifications"] == {"news": False}


def test_older_event_undoes_no_newer(running: wiring.Parts, user: User) -> None:
    db = running.service("settings").request.database
    newer = told(user.id, UserSettingsSubmitted, 5, age=40)
    older = told(user.id, UserSettingsSubmitted, 4, age=30, training_days_per_week=2)

    for each in (newer, older):
        reply = submit_user_settings(db, each)

    assert reply.data == {**NOBODYS, "age": 40, "training_days_per_week": 2}


@pytest.mark.parametrize(("sequences", "stands"), [((1, 2), 41), ((2, 1), 40), ((None, None), 40)])
def test_sequence_decides_at_one_time(
    running: wiring.Parts, user: User, sequences: tuple[int | None, int | None], stands: int
) -> None:
    db = running.service("settings").request.database

    for age, sequence in zip((40, 41), sequences, strict=True):
        reply = submit_user_settings(db, told(user.id, UserSettingsSubmitted, 5, sequence, age=age))

    assert reply.data["age"] == stands


def test_effective_time_comes_with_the_event(user: User, settle: Settle) -> None:
    """A phone whose clock is a year off says when it sends; so the later of two acts counts."""
    late = event("user.settings.submitted", {"age": 50}, timestamp="2020-01-01T00:00:10Z")
    early = event("user.settings.submitted", {"age": 20}, timestamp="2026-11-26T09:00:00Z")
    headers = {"X-Client-Time": "2020-01-01T00:00:11Z"}
    user.call("POST", "/api/v1/notify/events", late, headers)
    user.call("POST", "/api/v1/notify/events", early)
    settle("settings")

    assert user.call("GET", USER).data["age"] == 50


def test_sixteen_writers_lose_no_field(running: wiring.Parts, user: User) -> None:
    together = threading.Barrier(16)
    failed: list[BaseException] = []

    def write(number: int) -> None:
        db = running.service("settings").request.database
        try:
            together.wait()
            data = {"notifications": {f"name {number}": bool(number % 2)}}
            submit_app_settings(db, told(user.id, AppSettingsSubmitted, 0, **data))
        except BaseException as error:
            failed.append(error)
        finally:
            db.close()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()

    assert failed == []
    kept = read_app_settings(running.service("settings").request.database, user.id)
    assert kept["notifications"] == {f"name {number}": bool(number % 2) for number in range(16)}


def test_too_many_notifications_are_rejected(running: wiring.Parts, user: User) -> None:
    db = running.service("settings").request.database

    hundreds = [{f"{one} {number}": True for number in range(20)} for one in range(6)]
    for names in hundreds[:5]:
        submit_app_settings(db, told(user.id, AppSettingsSubmitted, 0, notifications=names))

    with pytest.raises(Rejected, match="100 notifications"):
        submit_app_settings(db, told(user.id, AppSettingsSubmitted, 0, notifications=hundreds[5]))


@pytest.mark.parametrize(
    ("event_type", "data", "said"),
    [
        ("user.settings.submitted", {}, "at least one of weight"),
        ("user.settings.submitted", {"age": None}, "at least one of weight"),
        ("user.settings.submitted", {"age": 12}, "data.age: must be at least 13"),
        ("user.settings.submitted", {"age": 34.5}, "data.age"),
        ("user.settings.submitted", {"weight": {"value": 501, "unit": "kg"}}, "data.weight.value"),
        ("user.settings.submitted", {"weight": {"value": 80, "unit": "stone"}}, "data.weight.unit"),
        ("user.settings.submitted", {"height": {"value": 49, "unit": "cm"}}, "data.height.value"),
        ("user.settings.submitted", {"training_days_per_week": 8}, "data.training_days_per_week"),
        ("user.settings.submitted", {"display_name": "x" * 51}, "data.display_name"),
        ("app.settings.submitted", {"theme": "pink"}, "data.theme"),
        ("app.settings.submitted", {"language": "german please"}, "data.language"),
        ("app.settings.submitted", {"notifications": {"news": "yes"}}, "data.notifications.news"),
        (
            "app.settings.submitted",
            {"notifications": {str(number): True for number in range(21)}},
            "data.notifications",
        ),
    ],
)
def test_wrong_settings_are_refused(user: User, event_type: str, data: Any, said: str) -> None:
    reply = user.call("POST", "/api/v1/notify/events", event(event_type, data))

    assert (reply.status, said in reply.description) == (422, True), reply


@pytest.mark.parametrize(
    "tag", ["de", "de-AT", "zh-Hant-TW", "sl-rozaj-biske", "en-x-club", "es-419"]
)
def test_language_tags_are_taken(user: User, tag: str) -> None:
    user.tell("app.settings.submitted", {"language": tag})
