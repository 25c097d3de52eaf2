"""Runs one seed of the relay from its first fault to its ledger."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from local.chaos.conducting import Conductor
from local.chaos.faults.fault import Disturbance, Fault, Targets
from local.chaos.plan import Plan, make_plan
from local.relay.chaos import gathering, ledger
from local.relay.chaos.evidence import Told
from local.relay.chaos.faults.catalogue import BY_NAME, INTERRUPTING
from local.relay.chaos.load import TIMEOUT_SECONDS, Caller, Load
from local.relay.chaos.report import Run
from local.relay.chaos.testbed import Testbed
from local.services.running import RunningServices

POLL_SECONDS = 0.3


@dataclass(frozen=True)
class Choices:
    """The options of a run.

    Attributes:
        seconds: duration of the load, and roughly of the faults
        callers: calling threads per storefront
        rest_seconds: longest time until the system must be at rest afterwards
        sabotage: promises that are broken on purpose
        kill_points: whether the command also runs the kill points, once
    """

    seconds: float = 40.0
    shops: int = 3
    callers: int = 2
    faults: Sequence[Fault] = tuple(BY_NAME.values())
    rest_seconds: float = 120.0
    sabotage: str = ""
    kill_points: bool = True


def run_seed(
    services: RunningServices,
    seed: int,
    choices: Choices,
    folder: Path,
    told: Callable[[str], None] = lambda _words: None,
) -> Run:
    """Run one seed on these servers. `folder` is emptied and gets the logs."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began = time.monotonic()
    plan = make_plan(seed, choices.seconds, choices.faults)
    with Testbed(services, str(seed), folder, choices.sabotage) as bed:
        bed.open(choices.shops)
        disturbances, sent = _disturb(bed, plan, choices, told)
        waited = _come_to_rest(bed, choices.rest_seconds)
        own = bed.reconciliation()
        bed.stop_platform()
        gathered = gathering.gather(
            bed.database_url,
            bed.platforms.base_url,
            bed.destinations,
            sent,
            disturbances,
            [each for each in disturbances if BY_NAME[each.fault].lane in INTERRUPTING],
        )
    evidence = replace(gathered, reconciliation=own)
    findings = ledger.check(evidence)
    return Run(seed, time.monotonic() - began, waited, plan, evidence, findings)


def _disturb(
    bed: Testbed, plan: Plan, choices: Choices, told: Callable[[str], None]
) -> tuple[Sequence[Disturbance], Sequence[Told]]:
    """Carry out the plan under load. Afterwards all faults are undone and nothing calls."""
    load = _load(bed, plan.seed, choices)
    conductor = Conductor(Targets(bed, threading.Event()), BY_NAME, told)
    load.start()
    enough = time.monotonic() + choices.seconds
    try:
        conductor.carry_out(plan)
        time.sleep(max(0.0, enough - time.monotonic()))
    finally:
        bed.calm()
        load.stop()
    return conductor.disturbances, load.told


def _load(bed: Testbed, seed: int, choices: Choices) -> Load:
    shops = list(dict.fromkeys(each.shop for each in bed.destinations))
    stopping = threading.Event()
    callers = []
    for place in range(len(shops)):
        own = [*shops[place:], *shops[:place]]
        for number in range(choices.callers):
            random = Random(f"{seed} {own[0]} {number}")  # noqa: S311  # repeatable
            relay = bed.user("ingest", TIMEOUT_SECONDS)
            callers.append(Caller(own, relay, bed.base_urls, bed.oms_url, random, stopping))
    return Load(callers, stopping)


def _come_to_rest(bed: Testbed, most_seconds: float) -> float:
    """Wait, within a limit, until the system has come to rest on its own. Returns the time it took."""
    began = time.monotonic()
    while time.monotonic() - began < most_seconds:
        if not gathering.count(bed.database_url, "unsettled"):
            break
        time.sleep(POLL_SECONDS)
    return time.monotonic() - began
