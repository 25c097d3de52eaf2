"""Runs one seed of the relay from its first fault to its ledger."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from local.chaos import course
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


@dataclass(frozen=True)
class Choices(course.Choices):
    """The options of a run; `callers` call for each storefront."""

    faults: Sequence[Fault] = tuple(BY_NAME.values())
    shops: int = 3


def run_seed(
    services: RunningServices,
    seed: int,
    choices: Choices,
    folder: Path,
    told: Callable[[str], None] = lambda _words: None,
) -> Run:
    """Run one seed on these servers. `folder` is emptied and gets the logs."""
    course.empty(folder)
    began = time.monotonic()
    plan = make_plan(seed, choices.seconds, choices.faults)
    with Testbed(services, str(seed), folder, choices.sabotage) as bed:
        bed.open(choices.shops)
        disturbances, sent = _disturb(bed, plan, choices, told)
        waited = course.come_to_rest(lambda: _is_at_rest(bed), choices.rest_seconds)
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
    load = _load(bed, plan.seed, choices)
    conductor = Conductor(Targets(bed, threading.Event()), BY_NAME, told)
    course.disturb(bed, load, conductor, plan, choices.seconds)
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


def _is_at_rest(bed: Testbed) -> bool:
    return not gathering.count(bed.database_url, "unsettled")
