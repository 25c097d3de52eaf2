"""The measurement of the console's page: its figures have the bars' names, and trouble is no figure."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from local.banking.bench.console import page
from local.banking.bench.console.bars import BARS
from local.banking.bench.console.hour import Hour, Memory
from local.banking.bench.console.page import console_page, of_hour, summed_up
from local.banking.bench.console.store import Store
from local.banking.bench.console.visitor import PageFailed, Shown, shown

STORE = Store(
    "", "", "some-bank", datetime(2026, 3, 1, tzinfo=UTC), {}, {"events": 5}, lambda: None
)


def test_without_a_browser_there_is_no_figure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(page, "missing", lambda: "Chromium")

    assert console_page(STORE) == {}
    assert "console_page: not measured, Chromium is missing" in capsys.readouterr().err


def test_times_are_told_by_median_and_p95() -> None:
    figures = summed_up("some", [Shown(float(ms), 1.0) for ms in range(1, 102)])

    assert figures == {"some_ms": 51.0, "some_p95_ms": 96.0, "some_asked_ms": 1.0}


def test_growth_is_what_came_after_the_first_minute() -> None:
    lived = Hour(9.0, 1800, 400, 0.0, [], 1, 60.0, 2.5, Memory(8.0, 900), Memory(9.5, 910))

    figures = of_hour(lived)

    assert figures["console_hour_heap_growth_mb"] == 1.5
    assert figures["console_hour_nodes_growth"] == 10
    assert {name for name in BARS if name.startswith("console_hour_")} <= set(figures)


def test_trouble_on_the_page_is_no_figure() -> None:
    assert shown({"ms": 12.5, "asked": 3}) == Shown(12.5, 3)
    with pytest.raises(PageFailed, match="No answer"):
        shown({"trouble": "No answer since 12:00"})
