"""What is not done, as an operator's alarms see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.appevents.wiring import Parts
from local.services.amqp import channel_on
from tests.integration.appevents.conftest import User
from tests.support.schedules import run_schedule

NOTE = {"machine_id": "leg-press-2", "body": "Seat on 4"}


def figures() -> dict[str, Any]:
    return run_schedule("app_publish_metrics")


def test_events_count_until_they_are_settled(user: User, settle: Callable[[str], None]) -> None:
    user.tell("machine.note.saved", NOTE)

    before = figures()
    settle("machine")
    after = figures()

    assert (before["UnsettledEvents"], before["WaitingMessages"]) == (1, 1)
    assert (after["UnsettledEvents"], after["WaitingMessages"]) == (0, 0)
    assert after["OldestUnsettledAge"] == after["DeadLetters"] == 0


def test_dead_letter_is_counted_where_it_lies(
    running: Parts, settle: Callable[[str], None]
) -> None:
    with channel_on(running.settings.app_rabbitmq_url) as channel:
        channel.basic_publish("app.events", "machine.note.saved", b"no JSON")

    settle("machine")

    assert figures()["DeadLetters"] == 1


def test_age_is_that_of_the_oldest(user: User, query: Callable[..., Any]) -> None:
    for _ in range(2):
        user.tell("machine.note.saved", NOTE)
    query("notify", "UPDATE events SET received_at = received_at - interval '1 hour' WHERE id = 1")

    assert 3600 <= figures()["OldestUnsettledAge"] < 3700


def test_figures_are_written_for_cloudwatch(
    running: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    figures()

    written = [line for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    said = json.loads(written[-1])
    assert said["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Fintegrate/AppEvents"
    assert (said["Stage"], said["DeadLetters"]) == ("local", [0])
