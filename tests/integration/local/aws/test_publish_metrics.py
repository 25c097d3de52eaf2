"""The schedules log what CloudWatch reads as metrics: GET /events/health, and the ledger's sums."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.banking.configuration import CLOUDWATCH_NAMESPACE
from chalicelib.banking.schedules.publish_metrics import AGES, COUNTS
from chalicelib.banking.wiring import Parts
from fintegrate.embedded_metrics import publish
from tests.integration.banking.overview.written import write_event
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.outbox import write_pending
from tests.support.schedules import run_schedule

Capture = pytest.CaptureFixture[str]


def said_by(name: str, capsys: Capture) -> list[dict[str, Any]]:
    capsys.readouterr()
    run_schedule(name)
    lines = said(capsys)
    assert lines
    return lines


def said(capsys: Capture) -> list[dict[str, Any]]:
    """What CloudWatch reads in the lines; of each metric the one value."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    for line in lines:
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
            (line[metric["Name"]],) = line[metric["Name"]]
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


def test_longest_pause_is_told(bank: Bank, query: Query, capsys: Capture) -> None:
    query(
        "INSERT INTO publishing_pauses (consumer_id, since, probe_at, reason)"
        " VALUES (%(id)s, now() - interval '90 seconds', now(), 'full')",
        id=bank.consumer_id,
    )

    total, *each = said_by("publish_metrics", capsys)

    (own,) = (line for line in each if line["Consumer"] == bank.name)
    assert own["PublishingPauseAge"] == pytest.approx(90, abs=5)
    assert total["PublishingPauseAge"] == own["PublishingPauseAge"]


@pytest.mark.parametrize(("state", "is_left_out"), [("failing", True), ("open", False)])
def test_one_alarm_tells_of_a_server_away(
    bank: Bank, query: Query, capsys: Capture, state: str, *, is_left_out: bool
) -> None:
    """`WebhookNotOpenAge` has an alarm of its own, which says why the bank's events wait."""
    write_event(query, bank.consumer_id, datetime.now(UTC) - timedelta(hours=1))
    query("INSERT INTO webhooks (consumer_id, url, max_in_flight, timeout_seconds, secret_seeds,"
          " state, since) VALUES (%(id)s, 'https://bank.example', 1, 1, ARRAY['s'], %(state)s,"
          " now() - interval '2 hours')", id=bank.consumer_id, state=state)  # fmt: skip

    total, *each = said_by("publish_metrics", capsys)

    (own,) = (line for line in each if line["Consumer"] == bank.name)
    assert own["OldestPendingAge"] == pytest.approx(3600, abs=60)
    left = 0 if is_left_out else own["OldestPendingAge"]
    assert total["OldestPendingAge"] == pytest.approx(left, abs=2)
    assert total["WebhookNotOpenAge"] == pytest.approx(7200 if is_left_out else 0, abs=60)


def test_figures_are_metrics_of_the_stage(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "no_dimension_of_ours")
    figures = dict.fromkeys((*COUNTS.values(), *AGES.values()), 3)
    began = time.time()

    publish(CLOUDWATCH_NAMESPACE, {"Stage": "prod"}, figures)

    (line,) = said(capsys)
    (declared,) = line["_aws"]["CloudWatchMetrics"]
    assert began * 1000 - 1 <= line["_aws"]["Timestamp"] <= time.time() * 1000
    assert declared["Namespace"] == "Fintegrate"
    assert declared["Dimensions"] == [["Stage"]]
    units = {metric["Name"]: metric["Unit"] for metric in declared["Metrics"]}
    assert units.keys() == figures.keys()
    assert {name: line[name] for name in figures} == figures
    assert {name for name, unit in units.items() if unit == "Seconds"} == set(AGES.values())


def test_reconciliation_tells_how_much_is_wrong(bank: Bank, query: Query, capsys: Capture) -> None:
    bank.create_customer()
    (balanced,) = said_by("reconcile", capsys)
    query("UPDATE customers SET event_sequence = 3")

    (wrong,) = said_by("reconcile", capsys)

    assert (balanced["ReconcileDiscrepancies"], balanced["ReconciledEvents"]) == (0, 2)
    assert (wrong["ReconcileDiscrepancies"], wrong["ReconciledEvents"]) == (2, 4)
