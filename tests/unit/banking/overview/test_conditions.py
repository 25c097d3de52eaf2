"""The table of conditions: thresholds, words and runbooks hold together with what is made of them."""

from __future__ import annotations

import re
from math import inf, nextafter
from typing import Any

import pytest

from chalicelib.banking.overview.conditions import CONDITIONS, ROWS
from fintegrate.console.conditions import Condition, by_name, in_words, seconds_of
from local.aws.parameters import read_template
from tests.architecture.tree import ROOT

FACTS = {"name": "first_bank", "count": "7", "age": "4 minutes", "consumer_id": "ff01c223"}


def ids(row: Condition) -> str:
    return row.name


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_fires_just_beyond_its_threshold(row: Condition) -> None:
    beyond = nextafter(row.threshold, -inf if row.below else inf)
    within = nextafter(row.threshold, inf if row.below else -inf)

    assert row.is_met(beyond)
    assert not row.is_met(row.threshold)
    assert not row.is_met(within)
    assert not row.is_met(None)


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_sentences_need_only_known_facts(row: Condition) -> None:
    for template in (row.title, row.sentence, row.view):
        assert "{" not in row.words(template, FACTS)
    assert row.view.startswith("/")
    assert row.heals == row.healing.startswith("by itself")


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_alert_has_the_conditions_name(row: Condition) -> None:
    assert re.sub(r"(?<!^)([A-Z])", r"_\1", row.alert).lower() == row.name
    assert re.fullmatch(r"|\d+[smhd]", row.lasts)
    assert seconds_of(row.lasts) >= 0


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_runbook_exists(row: Condition) -> None:
    file, anchor = row.runbook.split("#")
    text = (ROOT / file).read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}

    assert anchor in slugs | set(re.findall(r'<a id="([a-z-]+)"></a>', text))


@pytest.mark.parametrize("row", [row for row in ROWS if row.alarm], ids=ids)
def test_alarm_has_the_same_threshold(row: Condition) -> None:
    template = read_template("monitoring/banking")
    alarm: dict[str, Any] = template["Resources"][row.alarm]["Properties"]
    defaults = {name: each.get("Default") for name, each in template["Parameters"].items()}
    by_parameter = {"PendingTooLong": "PendingSeconds", "UndeliveredTooLong": "UndeliveredSeconds"}

    if alarm["ComparisonOperator"] == "LessThanThreshold":  # so many periods without one
        assert row.threshold == alarm["Period"] * alarm["EvaluationPeriods"] * alarm["Threshold"]
    elif row.alarm in by_parameter:
        assert row.threshold == defaults[by_parameter[row.alarm]]
    else:
        assert row.threshold == alarm["Threshold"]


def test_two_rows_of_one_name() -> None:
    with pytest.raises(ValueError, match="two conditions are called held_back"):
        by_name([CONDITIONS["held_back"]] * 2)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "unknown"),
        (0.4, "0 seconds"),
        (1, "1 second"),
        (59.9, "59 seconds"),
        (240, "4 minutes"),
        (7_199, "1 hour"),
        (172_800, "2 days"),
    ],
)
def test_ages_have_one_unit(seconds: float | None, words: str) -> None:
    assert in_words(seconds) == words
