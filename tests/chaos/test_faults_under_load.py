"""A short chaos run on servers of its own: the ledger finds nothing, and would find what is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.banking.chaos.calls import Moment
from local.banking.chaos.kind import Kind
from local.banking.chaos.run import Choices, run_seed
from local.services.running import RunningServices

SEED = 20261120
LONG = {"broker killed", "broker restarted", "function frozen", "schedule frozen"}
"""Faults that take many seconds: `make chaos` has them, and the tests of outages."""


def test_faults_lose_nothing(own_services: RunningServices, tmp_path: Path) -> None:
    everyday = Choices()
    faults = [fault for fault in everyday.faults if fault.name not in LONG]
    choices = Choices(seconds=8, callers=2, faults=faults)

    run = run_seed(own_services, SEED, choices, tmp_path / "run")

    assert [finding.words for finding in run.findings] == []
    assert len(run.evidence.disturbances) >= len({fault.lane for fault in faults})
    assert {event.tenant for event in run.evidence.events} == set(run.evidence.tenants)
    assert {call.moment for call in run.evidence.calls} >= {Moment.ARRIVED, Moment.TAKEN}


@pytest.mark.night_long
def test_broken_promises_are_noticed(own_services: RunningServices, tmp_path: Path) -> None:
    sabotaged = Choices(seconds=6, faults=(), rest_seconds=2, sabotage="lose,overtake,leak")

    run = run_seed(own_services, SEED, sabotaged, tmp_path / "run")

    found = {finding.kind for finding in run.findings}
    assert {Kind.LOST, Kind.OUT_OF_ORDER, Kind.CROSS_TENANT} <= found


@pytest.mark.night_long
@pytest.mark.parametrize(
    ("sabotage", "kind"),
    [("overtaken_webhook", Kind.OUT_OF_ORDER), ("doubled_webhook", Kind.TOO_MANY_DUPLICATES)],
)
def test_broken_calls_are_noticed(
    own_services: RunningServices, tmp_path: Path, sabotage: str, kind: Kind
) -> None:
    sabotaged = Choices(
        seconds=6, faults=(), rest_seconds=20, tenants=1, called=1, sabotage=sabotage
    )

    run = run_seed(own_services, SEED, sabotaged, tmp_path / "run")

    called = {call.tenant for call in run.evidence.calls}
    assert (kind, *called) in {(finding.kind, finding.about) for finding in run.findings}
