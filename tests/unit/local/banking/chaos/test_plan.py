"""A seed's plan can be had again, and leaves nothing out for which there is time."""

from __future__ import annotations

from local.banking.chaos.faults.catalogue import BY_NAME, FAULTS
from local.banking.chaos.plan import LOST_SECONDS, make_plan


def test_same_seed_gives_the_same_plan() -> None:
    assert make_plan(7, 40, FAULTS) == make_plan(7, 40, FAULTS)


def test_other_seed_gives_another_plan() -> None:
    assert make_plan(7, 40, FAULTS) != make_plan(8, 40, FAULTS)


def test_long_run_has_every_fault() -> None:
    plan = make_plan(7, 200, FAULTS)

    planned = {step.fault for steps in (plan.alone, *plan.together.values()) for step in steps}
    assert planned == set(BY_NAME)


def test_lane_has_only_its_faults() -> None:
    plan = make_plan(7, 40, FAULTS)

    for lane, steps in plan.together.items():
        assert {BY_NAME[step.fault].lane for step in steps} == {lane}


def test_fault_lasts_within_its_bounds() -> None:
    plan = make_plan(7, 200, FAULTS)

    for step in (each for steps in (plan.alone, *plan.together.values()) for each in steps):
        shortest, longest = BY_NAME[step.fault].seconds
        assert shortest <= step.seconds <= longest


def test_each_third_seed_restores_a_backup() -> None:
    shortest, longest = LOST_SECONDS

    assert [bool(make_plan(seed, 40, FAULTS).lost_seconds) for seed in (6, 7, 8)] == [
        True,
        False,
        False,
    ]
    assert shortest <= make_plan(6, 40, FAULTS).lost_seconds <= longest
