"""Dies in a sweep: resend and redeliver, as schedules and as the endpoint that the bank calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from local.banking.chaos.kill_points.changes import NO_BROKER, Outage
from local.banking.chaos.kill_points.tasks import Request
from local.banking.chaos.kill_points.trial import Trial
from local.chaos.boundaries import (
    COMMIT,
    Boundary,
    Method,
    Statement,
    after,
    before,
)
from local.chaos.kill_points import KillPoint
from local.chaos.processes import Task
from local.chaos.scheduled_run import ScheduledRun

CUSTOMERS = 8
EVENTS = 3 * CUSTOMERS
SMALL_BATCHES = {"SWEEP_BATCH": "7"}  # a customer's events are in two batches
AT_ONCE = {"DELIVERY_GRACE_SECONDS": "0", "QUEUE_FIGURES_DELAY_SECONDS": "0"}
RESEND = "functions/banking/events/resend.sql"
REDELIVER = "functions/banking/events/redeliver.sql"
# After the first confirms, the next events of those customers go to the broker.
ON_THE_WIRE = before(
    Method("pika.channel:Channel.basic_publish"),
    2,
    Method("fintegrate.messaging.pipeline:Pipeline.answered"),
)


@dataclass(frozen=True)
class Resend:
    """Events wait after an outage. The sweep that takes them dies, and another one follows."""

    by_bank: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, trial: Trial) -> None:
        """Check that nothing waits afterwards."""
        outage(trial)
        waiting = [event for event in trial.events() if event.publish_status == "pending"]
        trial.expect(len(waiting) == EVENTS, f"{len(waiting)} of {EVENTS} events wait")
        trial.kill(self._sweep(trial), self.settings)
        trial.come_to_rest()

    def _sweep(self, trial: Trial) -> Task:
        if self.by_bank:
            return Request("POST", "/events/resend", trial.tenant.key, {"period_in_days": 1})
        return ScheduledRun("resend")


@dataclass(frozen=True)
class Redeliver:
    """The queue of unconfirmed events is empty, the broker says. The sweep that sends them dies."""

    settings: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, trial: Trial) -> None:
        """The next run sends the others once more. The consumer recognises the repeats."""
        outage(trial)
        trial.cell.run(ScheduledRun("resend"))
        trial.cell.query("observe_empty_queue", consumer_id=trial.tenant.consumer_id)
        trial.kill(ScheduledRun("redeliver"), {**AT_ONCE, **self.settings})
        trial.cell.run(ScheduledRun("redeliver"), AT_ONCE)
        trial.come_to_rest()


def outage(trial: Trial) -> None:
    """Create and change customers while the broker is away, so that their events wait."""
    trial.answers += trial.cell.run(Outage(trial.tenant, CUSTOMERS), NO_BROKER).answer


def _boundaries(file: str) -> dict[str, tuple[Boundary, int]]:
    """Each boundary of a batch by name, and how often it may repeat one event."""
    write_back = Statement(file, "confirmed")
    return {
        "after the claim": (after(Statement(file, "claim")), 0),
        "in the middle of a batch on the wire": (ON_THE_WIRE, 1),
        "after the confirms, before the write-back": (before(write_back), 1),
        "after the write-back, before the commit": (before(COMMIT), 1),
        "after the commit": (after(COMMIT), 0),
    }


def _points() -> list[KillPoint]:
    points = []
    for name, (boundary, repeats) in _boundaries(RESEND).items():
        points.append(KillPoint(f"resend: {name}", boundary, Resend(), repeats))
    for name, (boundary, repeats) in _boundaries(REDELIVER).items():
        points.append(KillPoint(f"redeliver: {name}", boundary, Redeliver(), repeats))
    return points


POINTS = (
    *_points(),
    KillPoint("resend: between two batches", after(COMMIT), Resend(settings=SMALL_BATCHES)),
    KillPoint(
        "resend by the bank: after the confirms of the second batch, before the write-back",
        before(Statement(RESEND, "confirmed"), 2),
        Resend(by_bank=True, settings=SMALL_BATCHES),
        1,
    ),
    KillPoint("redeliver: between two batches", after(COMMIT), Redeliver(SMALL_BATCHES)),
)
