"""The function publish_metrics logs what GET /events/health says, as CloudWatch reads metrics."""

from __future__ import annotations

import json

import pytest

from chalicelib.platform import Platform
from chalicelib.schedules.publish_metrics import AGES, COUNTS, metric_line
from tests.support.api import Api, Bank
from tests.support.schedules import run_schedule


def test_line_holds_the_figures_of_the_health_endpoint(
    platform: Platform, admin: Api, bank: Bank, capsys: pytest.CaptureFixture[str]
) -> None:
    created = bank.api.post("/customer/data", name="Ada Lovelace")
    assert created.status == 201, created
    capsys.readouterr()

    run_schedule("publish_metrics")

    (line,) = [text for text in capsys.readouterr().out.splitlines() if '"_aws"' in text]
    said, health = json.loads(line), admin.get("/events/health").data
    assert {name: said[name] for name in COUNTS.values()} == {
        name: health[column] for column, name in COUNTS.items()
    }
    assert said["UndeliveredEvents"] >= 1
    assert said["Stage"] == platform.settings.stage


def test_line_declares_every_figure_as_a_metric_of_the_stage() -> None:
    figures = dict.fromkeys((*COUNTS.values(), *AGES.values()), 3)

    line = json.loads(metric_line("prod", figures, 1_700_000_000.5))

    (declared,) = line["_aws"]["CloudWatchMetrics"]
    assert line["_aws"]["Timestamp"] == 1_700_000_000_500
    assert declared["Namespace"] == "Fintegrate"
    assert declared["Dimensions"] == [["Stage"]]
    units = {metric["Name"]: metric["Unit"] for metric in declared["Metrics"]}
    assert units.keys() == figures.keys() <= line.keys()
    assert {name for name, unit in units.items() if unit == "Seconds"} == set(AGES.values())
