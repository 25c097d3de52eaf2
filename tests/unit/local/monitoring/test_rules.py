"""Rules, dashboards and configurations: Prometheus takes them, and they are what the code says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from chalicelib.banking.overview.conditions import CONDITIONS, ROWS
from fintegrate.console.conditions import Condition
from fintegrate.schedule_runs import MISSED_PERIODS
from local.banking import alerts
from local.machine.checkout import ROOT
from tests.support.monitoring import FOLDER, asked, dashboards, every_expression, panels, rules
from tests.support.promtool import promtool

ALERTS = {rule["alert"]: rule for rule in rules("alerts.yml")}
TESTS = sorted((FOLDER / "rules_test").glob("*.yml"))


def of(condition: Condition) -> dict[str, Any]:
    return ALERTS[condition.alert]


def test_committed_alerts_match_the_code() -> None:
    assert (ROOT / alerts.FILE).read_text(encoding="utf-8") == alerts.rule_file(), (
        "run `make documents` and commit what it writes"
    )


def test_rules_are_taken_by_prometheus() -> None:
    said = promtool("check", "rules", *map(str, sorted((FOLDER / "rules").glob("*.yml"))))

    assert f"{len(ROWS)} rules found" in said


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_alerts_fire_just_above(file: Path) -> None:
    assert "SUCCESS" in promtool("test", "rules", str(file))


def test_every_alert_has_its_test() -> None:
    tests = yaml.safe_load((FOLDER / "rules_test" / "alerts_test.yml").read_text(encoding="utf-8"))
    told: dict[str, set[bool]] = {}
    for each in tests["tests"]:
        found = {bool(case.get("exp_samples")) for case in each["promql_expr_test"]}
        told.setdefault(each["name"].partition(":")[0], set()).update(found)

    assert told == {condition.alert: {True, False} for condition in ROWS}


def test_configuration_is_taken_by_prometheus() -> None:
    said = promtool("check", "config", "--syntax-only", str(FOLDER / "prometheus.yml"))

    assert "SUCCESS" in said


def test_every_condition_has_its_alert() -> None:
    assert alerts.EXPRESSIONS.keys() == CONDITIONS.keys()
    assert list(ALERTS) == [condition.alert for condition in ROWS]


@pytest.mark.parametrize("condition", ROWS, ids=lambda row: row.name)
def test_alert_is_as_its_condition_says(condition: Condition) -> None:
    rule = of(condition)

    assert rule.get("for", "") == condition.lasts
    assert rule["labels"]["severity"] == condition.severity
    assert rule["labels"]["consumer"] in ("{{ $labels.consumer }}", "all")
    assert rule["annotations"]["runbook"] == condition.runbook
    assert condition.view.partition("?")[0] in rule["annotations"]["console"]
    assert {"summary", "description", "healing", "runbook", "console"} == set(rule["annotations"])
    assert "{name}" not in rule["annotations"]["summary"]


@pytest.mark.parametrize("condition", ROWS, ids=lambda row: row.name)
def test_alert_has_its_conditions_threshold(condition: Condition) -> None:
    expression = of(condition)["expr"]
    if condition.name == "schedule_missed":
        assert (condition.threshold, expression) == (MISSED_PERIODS, "fintegrate_schedule_late > 0")
    elif condition.name == "replay_stuck":
        assert f"[{condition.threshold:.0f}s]" in expression
    else:
        sign = "<" if condition.below else ">"
        assert f"{sign} {condition.threshold:.0f}" in expression


@pytest.mark.parametrize("dashboard", dashboards(), ids=lambda file: file.stem)
def test_panels_say_what_they_show(dashboard: Path) -> None:
    found = panels(dashboard)

    assert len({panel["title"] for panel in found}) == len(found)
    for panel in found:
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["targets"]
        assert panel["datasource"]["uid"] == "prometheus"


@pytest.mark.parametrize("dashboard", dashboards(), ids=lambda file: file.stem)
def test_panels_do_not_overlap(dashboard: Path) -> None:
    taken = [
        (x, y)
        for panel in panels(dashboard)
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) < 24


def test_expressions_are_taken_by_prometheus(tmp_path: Path) -> None:
    found = [expr for each in dashboards() for expr in asked(each)]
    recorded = [{"record": f"e{number}", "expr": expr} for number, expr in enumerate(found)]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboards", "rules": recorded}]}))

    assert f"{len(found)} rules found" in promtool("check", "rules", str(file))


def test_dashboards_are_told_apart() -> None:
    found = [json.loads(file.read_text(encoding="utf-8")) for file in dashboards()]

    assert [each["uid"] for each in found] == [
        "fintegrate-bank",
        "fintegrate-overview",
        "fintegrate-servers",
    ]


def test_recorded_names_are_asked_for() -> None:
    recorded = {rule["record"] for rule in rules("recording.yml")}
    everywhere = "\n".join(every_expression())

    assert {name for name in recorded if name not in everywhere} <= {
        "route:fintegrate_request_errors:ratio5m"
    }


def test_nobody_is_told_by_default() -> None:
    receivers = yaml.safe_load((FOLDER / "alertmanager.yml").read_text())["receivers"]

    assert all(receiver.keys() == {"name"} for receiver in receivers)
