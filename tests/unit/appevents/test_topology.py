"""The queues of the services, and the waits before retries, as the contract has them."""

from __future__ import annotations

from typing import get_args

import pytest

from chalicelib.appevents.configuration import Configuration
from chalicelib.appevents.events.catalogue import TYPES, read_by
from chalicelib.appevents.ops.models import Service
from chalicelib.appevents.topology import queues_of, services, waits_of
from fintegrate.settings import SettingsError


def test_waits_are_numbers_of_seconds() -> None:
    assert waits_of("1, 0.05,600") == [1, 0.05, 600]


def test_operators_may_name_every_queue() -> None:
    literal, _ = get_args(Service)

    assert sorted(get_args(literal)) == services()


@pytest.mark.parametrize("text", ["", ",", "1,", "a", "-1", "nan", "inf", "1e300", "86401"])
def test_other_waits_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="APP_RETRY_SECONDS"):
        waits_of(text)


DEFAULTS = Configuration(app_rabbitmq_url="amqp://x", redis_url="redis://x")
WAITS = {1: 1_000, 2: 5_000, 3: 30_000, 4: 120_000, 5: 600_000}
"""Milliseconds before each retry."""


def test_every_type_reaches_a_queue_by_name() -> None:
    bound = {
        key
        for service in services()
        for queue in queues_of(service, DEFAULTS).queues(read_by(service))
        for key in queue.routing_keys
    }

    assert bound == set(TYPES)
    assert not any(set("*#") & set(key) for key in bound)


def test_queues_are_those_of_the_contract() -> None:
    assert set(services()) == {
        *("video", "settings", "program", "dm", "machine", "notification", "processing")
    }
    assert read_by("processing") == ["media.uploaded"]


@pytest.mark.parametrize("service", services())
def test_queues_lose_nothing(service: str) -> None:
    queues = {each.name: each for each in queues_of(service, DEFAULTS).queues(read_by(service))}
    own, bounded = f"app.{service}", {"x-queue-type": "quorum", "x-overflow": "reject-publish"}
    back = {"x-dead-letter-exchange": "", "x-dead-letter-strategy": "at-least-once"}

    assert queues.pop(own).arguments == {
        **bounded,
        **back,
        "x-dead-letter-routing-key": f"{own}.dlq",
        "x-delivery-limit": 20,
    }
    assert queues.pop(f"{own}.dlq").arguments == bounded
    assert {name: each.arguments for name, each in queues.items()} == {
        f"{own}.retry.{number}": {
            **bounded,
            **back,
            "x-dead-letter-routing-key": own,
            "x-message-ttl": wait,
        }
        for number, wait in WAITS.items()
    }
    assert not any(each.routing_keys for each in queues.values())


def test_classic_queues_have_no_quorums_arguments() -> None:
    classic = Configuration(
        app_rabbitmq_url="amqp://x", redis_url="redis://x", app_queue_type="classic"
    )

    for queue in queues_of("machine", classic).queues(["a"]):
        assert queue.arguments["x-queue-type"] == "classic"
        assert {"x-delivery-limit", "x-dead-letter-strategy"}.isdisjoint(queue.arguments)
