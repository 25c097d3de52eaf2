"""The table of conditions of app.events: thresholds, words and runbooks hold together."""

from __future__ import annotations

import re
from typing import Any

from chalicelib.appevents.console.conditions import CONDITIONS, ROWS
from fintegrate.schedule_runs import MISSED_PERIODS
from local.aws.parameters import read_template
from tests.architecture.tree import ROOT

PARAMETERS = {"UnsettledTooLong": "UnsettledSeconds"}
FACTS = {"name": "machine", "count": "7", "age": "4 minutes", "stream": "machine"}


def test_sentences_need_only_known_facts() -> None:
    for row in ROWS:
        for template in (row.title, row.sentence, row.view):
            assert "{" not in row.words(template, FACTS), row.name
        assert row.view.startswith("/")
        assert row.heals == row.healing.startswith("by itself"), row.name


def test_runbooks_exist() -> None:
    for row in ROWS:
        file, anchor = row.runbook.split("#")
        headings = re.findall(r"^#+ (.+)$", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}

        assert anchor in slugs, row.name


def test_alarms_have_the_same_thresholds() -> None:
    template = read_template("monitoring/appevents")
    with_alarm = {row.name: row for row in ROWS if row.alarm}
    for row in with_alarm.values():
        alarm: dict[str, Any] = template["Resources"][row.alarm]["Properties"]
        of_parameter = template["Parameters"].get(PARAMETERS.get(row.alarm), {})

        assert row.threshold == of_parameter.get("Default", alarm["Threshold"]), row.name
    assert with_alarm.keys() == {"unsettled_too_long", "dead_letters", "breaker_open"}


def test_schedules_are_late_as_health_says() -> None:
    assert CONDITIONS["schedule_missed"].threshold == MISSED_PERIODS
