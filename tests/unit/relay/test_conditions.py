"""The relay's conditions: their thresholds are those of the alarms, their words and runbooks hold."""

from __future__ import annotations

import re
from typing import Any

import pytest

from chalicelib.relay.console.conditions import ROWS
from chalicelib.relay.console.list_models import EventListing
from fintegrate.console.conditions import Condition
from fintegrate.http.validation import validate_strings
from local.aws.parameters import read_template
from tests.architecture.tree import ROOT

FACTS = {"name": "bosley → meta", "count": "7", "age": "4 minutes", "stream": "12"}
each = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


@each
def test_sentences_need_only_known_facts(row: Condition) -> None:
    for template in (row.title, row.sentence, row.view):
        assert "{" not in row.words(template, FACTS)
    assert row.heals == row.healing.startswith("by itself")


@each
def test_view_has_filters_of_the_list(row: Condition) -> None:
    path, _, query = row.words(row.view, FACTS).partition("?")

    assert path in {"/now", "/events", "/failures"}
    assert validate_strings(
        EventListing, dict(part.split("=") for part in query.split("&") if part)
    )


@each
def test_runbook_exists(row: Condition) -> None:
    file, anchor = row.runbook.split("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)

    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


def test_alarms_have_the_same_thresholds() -> None:
    template = read_template("monitoring/relay")
    default = template["Parameters"]["PendingSeconds"]["Default"]
    for row in ROWS:
        if row.alarm is None:
            continue
        alarm: dict[str, Any] = template["Resources"][row.alarm]["Properties"]
        threshold = default if row.alarm == "PendingTooLong" else alarm["Threshold"]
        if alarm["ComparisonOperator"] == "LessThanThreshold":  # so many periods without one
            threshold = alarm["Period"] * alarm["EvaluationPeriods"] * threshold
        assert row.threshold == threshold, row.name
