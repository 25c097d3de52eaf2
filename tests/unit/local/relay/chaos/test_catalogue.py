"""The faults of the relay's runs: a long run has them all, and what interrupts is a known lane."""

from __future__ import annotations

from local.chaos.plan import make_plan
from local.relay.chaos.faults.catalogue import BY_NAME, FAULTS, INTERRUPTING


def test_names_of_faults_are_distinct() -> None:
    assert len(BY_NAME) == len(FAULTS)


def test_long_run_has_every_fault() -> None:
    plan = make_plan(7, 200, FAULTS)

    planned = {step.fault for steps in (plan.alone, *plan.together.values()) for step in steps}
    assert planned == set(BY_NAME)


def test_what_interrupts_is_a_lane() -> None:
    assert {fault.lane for fault in FAULTS} > INTERRUPTING
