"""Dies while events of a bank that is called are handed over to come again: redeliver, replay, rewind.

Each makes copies in the transaction that counts them. After the death the same is asked again, or the
schedule goes on, and each event is called at least once more, in order.
"""

from __future__ import annotations

from dataclasses import dataclass

from local.banking.chaos.kill_points.changes import NO_BROKER
from local.banking.chaos.kill_points.points.calling import CALL, outage
from local.banking.chaos.kill_points.tasks import Request
from local.banking.chaos.kill_points.trial import Trial
from local.banking.chaos.receiver import WELL, CalledBank, Conduct
from local.banking.consumer.messages import Event
from local.chaos.boundaries import COMMIT, Boundary, Statement, after, before
from local.chaos.kill_points import KillPoint, until
from local.chaos.scheduled_run import ScheduledRun

HAND_OVER = Statement("functions/banking/webhooks/handing_over.sql", "hand_over")
REWIND = "functions/banking/events/rewind_worker.sql"
AT_ONCE = {"DELIVERY_GRACE_SECONDS": "0", "REDELIVER_FIRST_WAIT_SECONDS": "0"}
LONG_AGO = "2020-01-01T00:00:00Z"


def failing_at_first(event: Event, times: int) -> Conduct:
    """Fail the last event of each customer once."""
    return Conduct(says="failed") if event.sequence == 3 and not times else WELL


def redelivering(trial: Trial) -> None:
    """The bank's request to send again what it failed to process dies, and is sent again."""
    bank = trial.be_called()
    bank.conduct = failing_at_first
    outage(trial)
    trial.cell.run(CALL)
    body = {"period_in_days": 1, "include_failed": True}
    request = Request("POST", "/events/redeliver", trial.tenant.key, body)
    trial.kill(request, {**AT_ONCE, **NO_BROKER})

    def is_processed() -> bool:
        """A row that a dying backend still locks is left out, so it is asked for again."""
        trial.cell.run(request, {**AT_ONCE, **NO_BROKER})
        trial.come_to_rest_by_calls()
        return all(event.deliver_status == "delivered" for event in trial.events())

    until("everything is processed", is_processed)


def replaying(trial: Trial) -> None:
    """A replay of everything dies, and another worker goes on."""
    bank = _called_once(trial)
    body = {"mode": "all", "per_second": 100}
    made = Request("POST", "/replay/data", trial.tenant.key, body)
    job = trial.cell.run(made, NO_BROKER).answer.data["job_id"]
    trial.kill(ScheduledRun("replay"))

    def is_done() -> bool:
        trial.cell.query("end_replay_lease", job_id=job)
        trial.cell.run(ScheduledRun("replay"))
        read = Request("GET", "/replay/data", trial.tenant.key, {"job_id": job})
        return bool(trial.send(read, 200).data["status"] == "done")

    until("the replay is done", is_done)
    trial.come_to_rest_by_calls()
    trial.expect(bank.least_times == 2, f"an event came {bank.least_times} times")


@dataclass(frozen=True)
class Rewinding:
    """A rewind dies, and another run goes on. `calls`: it is the process that calls behind it."""

    calls: bool = False

    def __call__(self, trial: Trial) -> None:
        """Check that each event came again."""
        bank = _called_once(trial)
        body = {
            "consumer_id": trial.tenant.consumer_id,
            "reason": "its database is lost",
            "from": LONG_AGO,
            "include_processed": True,
        }
        trial.send(trial.admin("POST", "/events/rewind", body), 202)
        trial.cell.run(ScheduledRun("rewind"))  # the first run begins to wait for publishers
        until("nobody publishes who began before the rewind", lambda: _nobody_publishes(trial))
        if not self.calls:
            trial.kill(ScheduledRun("rewind"))
        rewound(trial)
        if self.calls:
            trial.kill(CALL)
        trial.come_to_rest_by_calls()
        trial.expect(bank.least_times >= 2, f"an event came {bank.least_times} times")


def rewound(trial: Trial) -> None:
    """Run the schedule until no rewind is left."""

    def is_done() -> bool:
        trial.cell.query("end_rewind_wait", consumer_id=trial.tenant.consumer_id)
        return not trial.cell.run(ScheduledRun("rewind")).answer["jobs"]

    until("the rewind is done", is_done)


def _nobody_publishes(trial: Trial) -> bool:
    """A transaction of another cell holds a rewind up too: all databases of a server count together."""
    asked = {"consumer_id": trial.tenant.consumer_id}
    trial.cell.query("end_rewind_wait", **asked)
    return bool(trial.cell.query("rewind_is_quiet", **asked)[0]["quiet"])


def _called_once(trial: Trial) -> CalledBank:
    """The bank has taken every event."""
    bank = trial.be_called()
    outage(trial)
    trial.cell.run(CALL)
    trial.expect(bank.least_times == 1, "the bank has not taken every event")
    return bank


def _boundaries(file: str, mark: str) -> dict[str, Boundary]:
    """Each boundary of a hand-over by name. `mark` counts the copies."""
    counted = Statement(file, mark)
    return {
        "before the copies": before(HAND_OVER),
        "after the copies, before they are counted": after(HAND_OVER),
        "after they are counted, before the commit": before(COMMIT, 1, counted),
        "after the commit": after(COMMIT, 1, counted),
    }


POINTS = (
    *(
        KillPoint(f"webhook, redelivered by the bank: {name}", boundary, redelivering, 1)
        for name, boundary in _boundaries(
            "functions/banking/events/redeliver.sql", "confirmed"
        ).items()
    ),
    *(
        KillPoint(f"webhook, replay: {name}", boundary, replaying, 1)
        for name, boundary in _boundaries(
            "functions/banking/replay/worker.sql", "mark_sent"
        ).items()
    ),
    *(
        KillPoint(f"webhook, rewind: {name}", boundary, Rewinding(), 1)
        for name, boundary in _boundaries(REWIND, "mark_sent").items()
    ),
    KillPoint(
        "webhook, rewind: a copy, after the answer",
        before(Statement("functions/banking/webhooks/book.sql", "lock_lanes")),
        Rewinding(calls=True),
        1,
    ),
)
