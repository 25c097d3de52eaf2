"""A short chaos run of the relay on servers of its own: the ledger finds nothing."""

from __future__ import annotations

from pathlib import Path

from local.relay.chaos.run import Choices, run_seed
from local.services.running import RunningServices

SEED = 20261126
LONG = {
    *("broker killed", "broker restarted", "function frozen", "delivery frozen"),
    *("lanes locked", "database restarted", "function killed"),
}
"""Faults that take many seconds: `make chaos` has them."""


def test_faults_lose_and_double_nothing(own_services: RunningServices, tmp_path: Path) -> None:
    faults = [fault for fault in Choices().faults if fault.name not in LONG]
    choices = Choices(seconds=5, shops=2, callers=1, faults=faults)

    run = run_seed(own_services, SEED, choices, tmp_path / "run")

    assert [finding.words for finding in run.findings] == []
    assert len(run.evidence.disturbances) >= len({fault.lane for fault in faults})
    assert {event.shop for event in run.evidence.accepted} == {"shop0", "shop1"}
    assert {"api", "oms"} <= {event.source for event in run.evidence.accepted}
