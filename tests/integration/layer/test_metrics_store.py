"""Counting in Redis: processes add up, labels stay within their bounds, systems do not mix."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families

from fintegrate.exposition import exposition
from fintegrate.metrics import Counted
from fintegrate.metrics_store import Metrics
from fintegrate.redis_connection import RedisConnections
from local.services.running import RunningServices

LETTERS = Counted("letters_total", "Letters sent", ("sender", "kind"))
SECONDS = Counted("letter_seconds", "How long a letter took", ("kind",), (0.1, 1))
LAST = Counted("last_letter", "When the last letter went", ("kind",), is_set=True)
MakeMetrics = Callable[[], Metrics]

IN_A_PROCESS_OF_ITS_OWN = """
import sys
from tests.integration.layer.test_metrics_store import LETTERS, metrics_of
metrics = metrics_of(sys.argv[1], sys.argv[2])
for _ in range(50):
    metrics.count(LETTERS, "ann", "bill")
    metrics.flush()
"""


def metrics_of(url: str, namespace: str) -> Metrics:
    """As one process counts."""
    return Metrics(
        RedisConnections(url, timeout_ms=2_000),
        (LETTERS, SECONDS, LAST),
        prefix="post",
        namespace=namespace,
        bounds={"sender": 3},
    )


@pytest.fixture
def namespace(services: RunningServices) -> Iterator[str]:
    namespace = uuid.uuid4().hex
    yield namespace
    with redis.Redis.from_url(services.urls.redis_url) as client:
        client.delete(f"metrics:{namespace}")


@pytest.fixture
def make(services: RunningServices, namespace: str) -> MakeMetrics:
    return lambda: metrics_of(services.urls.redis_url, namespace)


def shown(*metrics: Metrics) -> dict[str, float]:
    """Each sample by its name and the values of its labels, which come in the order of their names."""
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(exposition(metrics, []))
        for sample in family.samples
    }


def test_processes_add_up(services: RunningServices, namespace: str, make: MakeMetrics) -> None:
    program = [sys.executable, "-c", IN_A_PROCESS_OF_ITS_OWN, services.urls.redis_url, namespace]
    found_in = {"PYTHONPATH": os.pathsep.join(sys.path)}
    running = [subprocess.Popen(program, env={**os.environ, **found_in}) for _ in range(2)]
    assert [process.wait(60) for process in running] == [0, 0]

    assert shown(make())["post_letters_total bill ann"] == 100


def test_reading_includes_what_was_just_counted(make: MakeMetrics) -> None:
    metrics = make()
    metrics.count(LETTERS, "ann", "bill", by=3)
    metrics.count(LETTERS, "ann", "card")

    found = shown(metrics)

    assert found["post_letters_total bill ann"] == 3
    assert found["post_letters_total card ann"] == 1


def test_histogram_has_cumulative_buckets(make: MakeMetrics) -> None:
    one, other = make(), make()
    for seconds in (0.05, 0.1, 0.5):
        one.observe(SECONDS, "bill", value=seconds)
    one.flush()
    other.observe(SECONDS, "bill", value=7)

    found = shown(other)

    assert found["post_letter_seconds_bucket bill 0.1"] == 2
    assert found["post_letter_seconds_bucket bill 1.0"] == 3
    assert found["post_letter_seconds_bucket bill +Inf"] == 4
    assert found["post_letter_seconds_count bill"] == 4
    assert found["post_letter_seconds_sum bill"] == pytest.approx(7.65)


def test_last_set_value_wins(make: MakeMetrics) -> None:
    one, other = make(), make()
    one.set(LAST, "bill", value=1_763_000_000.25)
    one.flush()
    other.set(LAST, "bill", value=1_764_000_000.5)
    other.flush()

    assert shown(one)["post_last_letter bill"] == 1_764_000_000.5


def test_label_values_are_bounded(make: MakeMetrics) -> None:
    for sender in ("ann", "bob", "cid", "dan", "bob"):  # processes of their own
        metrics = make()
        metrics.count(LETTERS, sender, "bill")
        metrics.flush()

    found = {name: value for name, value in shown(make()).items() if "letters" in name}

    assert found == {
        "post_letters_total bill ann": 1,
        "post_letters_total bill bob": 2,
        "post_letters_total bill other": 2,
    }


def test_systems_do_not_mix(services: RunningServices, namespace: str, make: MakeMetrics) -> None:
    foreign = metrics_of(services.urls.redis_url, f"{namespace}_foreign")
    mine = make()
    mine.count(LETTERS, "ann", "bill")
    mine.flush()

    assert "post_letters_total bill ann" not in shown(foreign)


def test_systems_shown_together_add_up(
    services: RunningServices, namespace: str, make: MakeMetrics
) -> None:
    mine, foreign = make(), metrics_of(services.urls.redis_url, f"{namespace}_foreign")
    mine.count(LETTERS, "ann", "bill")
    foreign.count(LETTERS, "ann", "bill", by=2)

    assert shown(mine, foreign)["post_letters_total bill ann"] == 3

    with redis.Redis.from_url(services.urls.redis_url) as client:
        client.delete(f"metrics:{namespace}_foreign")


def test_redis_outage_loses_counts() -> None:
    metrics = metrics_of("redis://127.0.0.1:1/0", "nowhere")
    metrics.count(LETTERS, "ann", "bill")

    found = shown(metrics)

    assert found == {"post_metrics_store_up": 0}


def test_other_versions_field_is_ignored(
    services: RunningServices, namespace: str, make: MakeMetrics
) -> None:
    with redis.Redis.from_url(services.urls.redis_url) as client:
        client.hset(f"metrics:{namespace}", "letters_total\x1fann", "1")
        client.hset(f"metrics:{namespace}", "gone_total\x1f", "1")

    assert shown(make()) == {"post_metrics_store_up": 1}
