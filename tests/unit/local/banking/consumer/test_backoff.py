"""Waits grow exponentially to a cap, and are jittered over their whole range."""

from __future__ import annotations

from random import Random

import pytest

from local.banking.consumer.backoff import Backoff


@pytest.mark.parametrize(("failures", "ceiling"), [(1, 1), (2, 2), (4, 8), (6, 30), (10_000, 30)])
def test_wait_is_spread_below_ceiling(failures: int, ceiling: float) -> None:
    backoff = Backoff(Random(7), base_seconds=1, cap_seconds=30)
    waits = [backoff.seconds(failures) for _ in range(2000)]
    assert min(waits) < 0.05 * ceiling
    assert 0.95 * ceiling < max(waits) <= ceiling
