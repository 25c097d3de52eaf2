from __future__ import annotations

import json

import pytest

from local.artifact.invoke_event import WrongEvent, event_for
from local.artifact.package.intrinsics import Intrinsics
from local.artifact.package.template import ScheduleSpec, Template
from local.serving.queue_source import QueueSpec

TEMPLATE = Template(
    functions={},
    routes={},
    schedules=(ScheduleSpec("SweepDeadLetters", "rate(1 minute)"),),
    queues=(QueueSpec("BrokerUsers", "users", "/", 10, 0.5),),
    api={},
    resources={},
    intrinsics=Intrinsics({"Resources": {}}, {}),
    system="banking",
)


@pytest.mark.parametrize("name", ["sweep_dead_letters", "banking/sweep-dead-letters"])
@pytest.mark.parametrize("said", ["", "{}", '{"time": "2026-01-01T00:00:00Z"}'])
def test_schedules_event_is_filled_in(name: str, said: str) -> None:
    event = json.loads(event_for(name, said, [TEMPLATE]))

    assert event["detail-type"] == "Scheduled Event"
    assert {"version", "id", "source", "account", "region", "resources", "detail"} <= event.keys()
    assert event["time"] == json.loads(said or "{}").get("time", event["time"])


def test_queue_function_asks_for_a_batch() -> None:
    with pytest.raises(WrongEvent, match=r"fed by the queue users .*users::/"):
        event_for("broker_users", "{}", [TEMPLATE])

    batch = '{"rmqMessagesByQueue": {"users::/": []}}'
    assert json.loads(event_for("broker_users", batch, [TEMPLATE])) == json.loads(batch)


def test_other_functions_get_what_is_said() -> None:
    assert event_for("migrate", '{"a": 1}', [TEMPLATE]) == b'{"a": 1}'


@pytest.mark.parametrize("said", ["{", "[]", "1"])
def test_only_objects_are_events(said: str) -> None:
    with pytest.raises(WrongEvent, match="event"):
        event_for("resend", said, [TEMPLATE])
