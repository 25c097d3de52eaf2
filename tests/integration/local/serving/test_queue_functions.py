"""Messages of a real queue reach a function that is served from source."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.services.running import RunningServices
from local.services.settings import settings_environment
from local.serving.server import start_server
from tests.support.queues import left_in, publish, temporary_queue
from tests.support.waiting import eventually

TINY = "tests.integration.local.serving.tiny_queues"


@pytest.fixture
def broker_url(services: RunningServices) -> str:
    return services.urls.rabbitmq_url


@pytest.fixture
def queue(broker_url: str) -> Iterator[str]:
    with temporary_queue(broker_url) as name:
        yield name


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def environment(services: RunningServices, queue: str, kept: Path) -> dict[str, str]:
    return settings_environment(
        services.urls, LOCAL_APP=TINY, TINY_QUEUE=queue, TINY_KEPT=str(kept)
    )


def seen_in(kept: Path, count: int) -> list[dict[str, Any]]:
    """The messages in the order in which the function saw them, once there are so many."""

    def lines() -> list[str]:
        found = kept.read_text().splitlines() if kept.exists() else []
        return found if len(found) >= count else []

    return [json.loads(line) for line in eventually(lines, f"{count} messages")]


def test_waiting_messages_are_one_batch(
    environment: dict[str, str], broker_url: str, queue: str, kept: Path
) -> None:
    publish(broker_url, queue, "a", "b", "c")

    with start_server(environment):
        seen = seen_in(kept, 3)

    assert [message["body"] for message in seen] == ["a", "b", "c"]
    assert [message["message_id"] for message in seen] == ["a", "b", "c"]
    assert len({message["run"] for message in seen}) == 1
    assert left_in(broker_url, queue) == 0


def test_failed_batch_comes_back(
    environment: dict[str, str], broker_url: str, queue: str, kept: Path
) -> None:
    publish(broker_url, queue, "a", "fails once", "c")

    with start_server(environment):
        seen = seen_in(kept, 6)

    assert [message["body"] for message in seen] == ["a", "fails once", "c"] * 2
    assert [message["redelivered"] for message in seen] == [False] * 3 + [True] * 3
    assert left_in(broker_url, queue) == 0
