"""The measurements of webhooks, erasures and the archive run in small, and give their figures.

They run in a process of their own, because it serves banking alone and changes its environment.
"""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from unittest.mock import patch

import pytest

from local.banking.bench.databases import BenchTemplate
from local.banking.bench.measurements import BARS, suite
from local.bench.figures import Figures
from local.services.running import RunningServices
from local.services.urls import ServiceUrls

SMALL = {
    "SYSTEM": "banking",
    "BENCH_WEBHOOK_SECONDS": "1",
    "BENCH_WEBHOOK_EVENTS": "1000",
    "BENCH_WEBHOOK_LIVE_EVENTS": "50000",
    "BENCH_ERASE_EVENTS": "1500",
    "BENCH_ARCHIVE_EVENTS": "500",
    "BENCH_BESIDE_SECONDS": "1",
}
pytestmark = pytest.mark.night_long
NAMES = ("webhook_latency", "webhook_backlog", "webhook_beside", "erase", "archive")


def measured(urls: ServiceUrls) -> Figures:
    """What a process of its own measures; what draws plots is loaded there, too."""
    figures: Figures = {}
    with BenchTemplate(urls) as template:
        for name in NAMES:
            figures |= suite().measurements[name](template)
    return figures


@pytest.fixture(scope="module")
def figures(services: RunningServices) -> Figures:
    context = multiprocessing.get_context("spawn")
    with patch.dict(os.environ, SMALL), ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(measured, services.urls).result()


def test_webhooks_are_measured(figures: Figures) -> None:
    assert figures["webhook_p50_ms"] > 0
    assert figures["webhook_post_p99_ms"] > 0
    assert figures["webhook_backlog_vs_raw"] > 0
    assert figures["webhook_beside_calls_that_hang"] > 0
    assert figures["webhook_beside_vs_alone"] > 0


def test_leaving_is_measured(figures: Figures) -> None:
    assert figures["erase_vs_raw"] > 0
    assert 400 < figures["archive_events"] < 500
    assert figures["archive_create_vs_without_p50"] > 0


def test_bars_are_of_measured_figures(figures: Figures) -> None:
    ours = {bar for bar in BARS if bar.startswith(("webhook", "archive"))}

    assert len(ours) == 4
    assert ours <= figures.keys()
