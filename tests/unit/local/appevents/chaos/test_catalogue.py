"""The faults of app.events' runs: a long run has them all, and each reaches what it is named after."""

from __future__ import annotations

from local.appevents.chaos.faults.catalogue import BY_NAME, FAULTS
from local.chaos.plan import make_plan


def test_names_of_faults_are_distinct() -> None:
    assert len(BY_NAME) == len(FAULTS)


def test_long_run_has_every_fault() -> None:
    plan = make_plan(7, 250, FAULTS)

    planned = {step.fault for steps in (plan.alone, *plan.together.values()) for step in steps}
    assert planned == set(BY_NAME)


def test_every_server_and_process_fails() -> None:
    assert {fault.lane for fault in FAULTS} >= {
        *("queues", "functions", "schedules", "database", "broker", "cache", "store"),
    }
