"""The schedules log what CloudWatch reads as metrics: GET /events/health, and the ledger's sums."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.banking.schedules.publish_metrics import AGES, COUNTS
from chalicelib.banking.wiring import Parts
from fintegrate.embedded_metrics import metric_line
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.outbox import write_pending
from tests.support.schedules import run_schedule

Capture = pytest.CaptureFixture[str]


def said_by(name: str, capsys: Capture) -> list[dict[str, Any]]:
    capsys.readouterr()
    run_schedule(name)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert lines
    return lines


def test_metrics_match_the_health_endpoint(
    parts: Parts, admin: Api, bank: Bank, capsys: Capture
) -> None:
    bank.create_customer()

    said = said_by("publish_metrics", capsys)[0]

    health = admin.get("/events/health").data
    assert {name: said[name] for name in COUNTS.values()} == {
        name: health[column] for column, name in COUNTS.items()
    }
    assert said["UndeliveredEvents"] >= 1
    assert said["Stage"] == parts.settings.stage


def test_each_active_consumer_is_counted(bank: Bank, query: Query, capsys: Capture) -> None:
    write_pending(query, bank.consumer_id, events_each=3)
    query("UPDATE customer_events SET deliver_status = 'delivered', delivered_at = now()"
          " WHERE publish_status = 'published'")  # fmt: skip

    total, own = said_by("publish_metrics", capsys)

    assert own["Consumer"] == bank.name
    assert own["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Stage", "Consumer"]]
    assert (own["PendingEvents"], own["EventsWaitingBehind"]) == (3, 2)
    assert own["OldestPendingAge"] == pytest.approx(total["OldestPendingAge"], abs=2)
    assert "Consumer" not in total


def test_figures_are_metrics_of_the_stage() -> None:
    figures = dict.fromkeys((*COUNTS.values(), *AGES.values()), 3)

    line = json.loads(metric_line({"Stage": "prod"}, figures, 1_700_000_000.5))

    (declared,) = line["_aws"]["CloudWatchMetrics"]
    assert line["_aws"]["Timestamp"] == 1_700_000_000_500
    assert declared["Namespace"] == "Fintegrate"
    assert declared["Dimensions"] == [["Stage"]]
    units = {metric["Name"]: metric["Unit"] for metric in declared["Metrics"]}
    assert units.keys() == figures.keys() <= line.keys()
    assert {name for name, unit in units.items() if unit == "Seconds"} == set(AGES.values())


def test_reconciliation_tells_how_much_is_wrong(bank: Bank, query: Query, capsys: Capture) -> None:
    bank.create_customer()
    (balanced,) = said_by("reconcile", capsys)
    query("UPDATE customers SET event_sequence = 3")

    (wrong,) = said_by("reconcile", capsys)

    assert (balanced["ReconcileDiscrepancies"], balanced["ReconciledEvents"]) == (0, 2)
    assert (wrong["ReconcileDiscrepancies"], wrong["ReconciledEvents"]) == (2, 4)
