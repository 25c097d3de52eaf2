"""What tests of /metrics share: the page as a mapping, and counts of the test's own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families

from chalicelib.banking.wiring import Parts
from tests.integration.operations.pages import get
from tests.support.api import Api

Metrics = Callable[[], dict[str, float]]


@pytest.fixture
def metrics(admin: Api) -> Metrics:
    """Reads all metrics; a name with its labels to its value."""

    def read() -> dict[str, float]:
        page = get("/metrics", key=admin.key)
        assert page.status == 200
        assert page.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return {
            sample.name
            + "".join(f" {value}" for _, value in sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(page.text)
            for sample in family.samples
        }

    return read


@pytest.fixture
def own_counts(parts: Parts) -> Iterator[None]:
    """Counts that nobody else adds to: the tests share one Redis."""
    parts.metrics.key = f"metrics:{uuid.uuid4()}"
    yield
    with redis.Redis.from_url(parts.settings.redis_url) as client:
        client.delete(parts.metrics.key)
