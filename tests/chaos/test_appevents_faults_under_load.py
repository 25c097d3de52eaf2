"""A short chaos run of app.events on servers of its own: the ledger finds nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from local.appevents.chaos.run import Choices, run_seed
from local.services.running import RunningServices

SEED = 20261127
LONG = {
    *("broker killed", "broker restarted", "broker frozen", "function frozen", "queues frozen"),
    *("database restarted", "database killed", "function killed", "function killed again"),
    *("queues killed again", "queues killed once more", "schedules killed", "schedules frozen"),
}
"""Faults that take many seconds, or come again: `make chaos` has them."""

if not shutil.which("ffmpeg"):
    pytest.skip("ffmpeg is not installed: make setup", allow_module_level=True)


def test_faults_lose_and_double_nothing(own_services: RunningServices, tmp_path: Path) -> None:
    faults = [fault for fault in Choices().faults if fault.name not in LONG]
    choices = Choices(seconds=5, users=3, clips=2, faults=faults)

    run = run_seed(own_services, SEED, choices, tmp_path / "run")

    assert [finding.words for finding in run.findings] == []
    assert len(run.evidence.disturbances) >= len({fault.lane for fault in faults})
    assert len({event.event_type for event in run.evidence.events}) >= 10
    assert run.evidence.letters
