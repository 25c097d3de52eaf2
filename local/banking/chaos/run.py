"""Runs one seed from its first fault to its ledger, and several seeds in a row."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from local.banking.chaos import gathering, ledger
from local.banking.chaos.answers import AnswerRecord
from local.banking.chaos.duplicates import count
from local.banking.chaos.evidence import Evidence, Restore
from local.banking.chaos.faults.catalogue import BY_NAME
from local.banking.chaos.faults.targets import Targets
from local.banking.chaos.load import Load
from local.banking.chaos.plan import Plan, make_plan
from local.banking.chaos.report import Run
from local.banking.chaos.restoring import Operator
from local.banking.chaos.symptoms import Symptoms
from local.banking.chaos.testbed import Testbed
from local.chaos import course
from local.chaos.conducting import Conductor
from local.chaos.faults.fault import Disturbance, Fault
from local.services.running import RunningServices

RESTORED = "database restored"
LOOKS_AT_REST = 3
"""How often the system must be seen at rest in a row."""


@dataclass(frozen=True)
class Choices(course.Choices):
    """The options of a run; `callers` call for each tenant.

    `tenants` read their queues. Beside them stand `called` ones, which are called by webhook.
    """

    callers: int = 4
    faults: Sequence[Fault] = tuple(BY_NAME.values())
    tenants: int = 3
    called: int = 1


def run_seed(
    services: RunningServices,
    seed: int,
    choices: Choices,
    folder: Path,
    told: Callable[[str], None] = lambda _words: None,
) -> Run:
    """Run one seed on these servers. `folder` is emptied and gets the logs and records."""
    course.empty(folder)
    began = time.monotonic()
    plan = make_plan(seed, choices.seconds, choices.faults)
    with (
        AnswerRecord(folder / "answers.jsonl") as record,
        Testbed(services, f"chaos_{seed}", folder, choices.sabotage, choices.called) as bed,
        Symptoms(bed.database_url) as symptoms,
    ):
        bed.open(choices.tenants)
        disturbances, restore = _disturb(bed, plan, choices, record, told)
        waited = course.come_to_rest(lambda: _is_at_rest(bed), choices.rest_seconds, LOOKS_AT_REST)
        evidence = _gather(bed, record, disturbances, restore)
    return Run(
        seed,
        time.monotonic() - began,
        waited,
        plan,
        evidence,
        count(evidence),
        ledger.check(evidence),
        sorted(symptoms.reasons),
    )


def _disturb(
    bed: Testbed,
    plan: Plan,
    choices: Choices,
    record: AnswerRecord,
    told: Callable[[str], None],
) -> tuple[Sequence[Disturbance], Restore | None]:
    load = Load(bed.tenants, bed.base_urls, record, plan.seed, choices.callers)
    targets = Targets(bed, threading.Event(), load)
    conductor = Conductor(targets, BY_NAME, told)
    restores: list[Restore] = []

    def restore() -> None:
        if plan.lost_seconds:
            restores.append(_restore(targets, plan, record, told))

    course.disturb(bed, load, conductor, plan, choices.seconds, restore)
    return conductor.disturbances, restores[0] if restores else None


def _restore(
    targets: Targets, plan: Plan, record: AnswerRecord, told: Callable[[str], None]
) -> Restore:
    """The lost seconds are no fault: a duplicate of that time has another cause."""
    random = Random(f"{plan.seed} restore")  # noqa: S311  # repeatable
    restore = Operator(targets, record, random).restore(plan.lost_seconds)
    seconds = restore.calls_resumed - restore.backup_began
    told(f"{RESTORED}, {seconds:.1f} s after its backup")
    return restore


def _gather(
    bed: Testbed,
    record: AnswerRecord,
    disturbances: Sequence[Disturbance],
    restore: Restore | None,
) -> Evidence:
    """Ask the API for its own view, then end the consumers and collect everything."""
    with bed.admin() as admin:
        told_by_api = admin.ask("GET", "/events/reconcile")
    for consumer in bed.consumers.values():
        consumer.stop()
    return gathering.gather(
        bed.database_url,
        bed.services.urls.rabbitmq_url,
        bed.tenants,
        list(record),
        disturbances,
        told_by_api,
        restore,
    )


def _is_at_rest(bed: Testbed) -> bool:
    if gathering.unsettled(bed.database_url):  # a rewind may be making a queue anew
        return False
    left = gathering.left_in_queues(bed.services.urls.rabbitmq_url, bed.tenants)
    return not sum(left.values())
