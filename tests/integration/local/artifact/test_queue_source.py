"""A queue's messages reach a packaged function as Amazon MQ's event source brings them."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from local.artifact.emulator.mounts import possible_way
from local.artifact.package.template import read_template
from local.services.running import RunningServices
from local.serving.queue_source import QueueSource, QueueSpec
from tests.integration.local.artifact.tiny import deployed, write_template
from tests.support.queues import left_in, publish, temporary_queue


@pytest.fixture
def broker_url(services: RunningServices) -> str:
    return services.urls.rabbitmq_url


@pytest.fixture
def queue(broker_url: str) -> Iterator[str]:
    with temporary_queue(broker_url) as name:
        yield name


def function_on(queue: str, collect: Path, **said: Any) -> dict[str, Any]:
    event = {"Broker": "arn:broker", "Queues": [queue], "BatchSize": 3, **said}
    event["SourceAccessConfigurations"] = [{"Type": "VIRTUAL_HOST", "URI": "/"}]
    seen = f"/proc/{os.getpid()}/root{collect}" if possible_way() else str(collect)
    return {
        "Handler": "handlers.collect",
        "Environment": {"Variables": {"COLLECT": seen}},
        "Events": {"Messages": {"Type": "MQ", "Properties": event}},
    }


async def feed_until(
    folder: Path, url: str, queue: str, collect: Path, messages: int
) -> list[list[str]]:
    """Feed the function until it has seen so many messages; the batches' bodies."""
    async with deployed(folder, "process", Collect=function_on(queue, collect)) as deployment:
        loop = asyncio.get_running_loop()

        async def invoke(event: bytes) -> bool:
            return (await deployment.invoke("Collect", event)).error is None

        def feed(_name: str, event: bytes) -> Future[bool]:
            return asyncio.run_coroutine_threadsafe(invoke(event), loop)

        (spec,) = deployment.template.queues
        source = QueueSource(spec, url, feed)
        source.start()
        try:
            async with asyncio.timeout(30):
                while sum(len(batch) for batch in batches(collect, queue)) < messages:
                    await asyncio.sleep(0.05)
        finally:
            await asyncio.to_thread(source.stop)
    return batches(collect, queue)


def batches(collect: Path, queue: str) -> list[list[str]]:
    events = [json.loads(path.read_text()) for path in sorted(collect.glob("*.json"))]
    assert all(event["eventSource"] == "aws:rmq" for event in events)
    return [
        [base64.b64decode(m["data"]).decode() for m in event["rmqMessagesByQueue"][f"{queue}::/"]]
        for event in events
    ]


@pytest.fixture
def collect(tmp_path: Path) -> Path:
    folder = tmp_path / "collected"
    folder.mkdir()
    return folder


def test_batches_arrive_and_are_acknowledged(
    tmp_path: Path, broker_url: str, queue: str, collect: Path
) -> None:
    publish(broker_url, queue, "a", "b", "c", "d")
    seen = asyncio.run(feed_until(tmp_path, broker_url, queue, collect, 4))
    assert seen == [["a", "b", "c"], ["d"]]
    assert left_in(broker_url, queue) == 0


def test_batch_comes_back_after_an_error(
    tmp_path: Path, broker_url: str, queue: str, collect: Path
) -> None:
    (collect / "fail-once").touch()
    publish(broker_url, queue, "a", "b", "c")
    seen = asyncio.run(feed_until(tmp_path, broker_url, queue, collect, 3))
    assert seen == [["a", "b", "c"]]
    assert left_in(broker_url, queue) == 0


def test_template_names_the_queue_source(tmp_path: Path) -> None:
    said = function_on("orders", tmp_path, MaximumBatchingWindowInSeconds=2)
    template = read_template(write_template(tmp_path, Collect=said))
    assert template.queues == (QueueSpec("Collect", "orders", "/", 3, 2.0),)
