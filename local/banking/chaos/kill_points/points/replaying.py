"""Dies in a replay: at each boundary of a batch, and while it makes failed events pending again.

The requests that make a job reach no broker, so that no server is nudged and goes on with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from local.banking.chaos.kill_points.changes import NO_BROKER
from local.banking.chaos.kill_points.points.sweeping import EVENTS, ON_THE_WIRE, outage
from local.banking.chaos.kill_points.tasks import Request
from local.banking.chaos.kill_points.trial import Trial
from local.chaos.boundaries import COMMIT, Boundary, Statement, after, before
from local.chaos.kill_points import KillPoint, until
from local.chaos.scheduled_run import ScheduledRun

WORKER = "functions/banking/replay/worker.sql"
JOBS = "functions/banking/replay/jobs.sql"
WANTED = {"per_second": 100}
"""Ten events a batch: the third ends the job."""


@dataclass(frozen=True)
class Replay:
    """Everything was published and nothing confirmed. The replay dies, and another worker goes on."""

    fails: bool = False
    """Whether the newest event of each customer has failed, so that it becomes pending again."""

    def __call__(self, trial: Trial) -> None:
        """Check that the job ends, with sums that add up and each event sent once, or repeated once."""
        outage(trial)
        trial.cell.run(ScheduledRun("resend"))
        if self.fails:
            trial.cell.query("fail_newest", consumer_id=trial.tenant.consumer_id)
        request = Request("POST", "/replay/data", trial.tenant.key, WANTED)
        job = trial.cell.run(request, NO_BROKER).answer.data["job_id"]
        trial.kill(ScheduledRun("replay"))
        until("the replay is done", lambda: _is_done(trial, job))
        told = _job(trial, job)
        sums = (told["matched"], told["sent"], told["refused"], told["left_out"])
        trial.expect(sums == (EVENTS, EVENTS, 0, 0), f"sums of the replay: {sums}")
        trial.come_to_rest()


@dataclass(frozen=True)
class Creation:
    """The request that makes a replay dies, and is sent again with its key."""

    def __call__(self, trial: Trial) -> None:
        """Check that there is one job, with its events, or none."""
        outage(trial)
        trial.cell.run(ScheduledRun("resend"))
        headers = {"Idempotency-Key": "kill-point"}
        request = Request("POST", "/replay/data", trial.tenant.key, WANTED, headers)
        trial.kill(request, NO_BROKER)
        job = trial.cell.run(request, NO_BROKER).answer.data["job_id"]
        jobs = trial.send(Request("GET", "/replay/list", trial.tenant.key), 200).data["jobs"]
        trial.expect([each["job_id"] for each in jobs] == [job], f"jobs: {jobs}")
        until("the replay is done", lambda: _is_done(trial, job))
        trial.come_to_rest()


def _job(trial: Trial, job_id: str) -> dict[str, int | str]:
    request = Request("GET", "/replay/data", trial.tenant.key, {"job_id": job_id})
    return dict(trial.send(request, 200).data)


def _is_done(trial: Trial, job_id: str) -> bool:
    """Run the schedule once more. The dead worker's lease ends now, not in some seconds."""
    trial.cell.query("end_replay_lease", job_id=job_id)
    trial.cell.run(ScheduledRun("replay"))
    return _job(trial, job_id)["status"] == "done"


def _boundaries() -> dict[str, tuple[Boundary, int]]:
    """Each boundary by name, and how often it may repeat one event."""
    write_back = Statement(WORKER, "mark_sent")
    return {
        "before the lease": (before(Statement(WORKER, "take")), 0),
        "after the lease": (after(Statement(WORKER, "take")), 0),
        "after the job is held": (after(Statement(WORKER, "hold")), 0),
        "after the events are locked": (after(Statement(WORKER, "lock")), 0),
        "after the look": (after(Statement(WORKER, "look")), 0),
        "in the middle of a batch on the wire": (ON_THE_WIRE, 1),
        "after the confirms, before the write-back": (before(write_back), 1),
        "after the write-back, before the cursor": (after(write_back), 1),
        "after the cursor, before the commit": (after(Statement(WORKER, "advance")), 1),
        "between two batches": (after(COMMIT), 0),
        "after the confirms of the second batch": (before(write_back, 2), 1),
        "before the end of the last batch": (before(Statement(WORKER, "advance"), 3), 1),
        "while confirmations are counted": (before(Statement(WORKER, "count_confirmed")), 0),
    }


def _points() -> list[KillPoint]:
    points = []
    for name, (boundary, repeats) in _boundaries().items():
        points.append(KillPoint(f"replay: {name}", boundary, Replay(), repeats))
    return points


POINTS = (
    *_points(),
    KillPoint(
        "replay: customers locked, before failed events are reopened",
        before(Statement(WORKER, "reopen")),
        Replay(fails=True),
        1,
    ),
    KillPoint(
        "replay: failed events reopened, before the cursor",
        after(Statement(WORKER, "reopen")),
        Replay(fails=True),
        1,
    ),
    KillPoint(
        "replay: failed events reopened, before the commit",
        before(COMMIT, 1, Statement(WORKER, "reopen")),
        Replay(fails=True),
        1,
    ),
    KillPoint(
        "replay is made: events chosen, before the job", before(Statement(JOBS, "make")), Creation()
    ),
    KillPoint(
        "replay is made: before the commit", before(COMMIT, 1, Statement(JOBS, "make")), Creation()
    ),
    KillPoint(
        "replay is made: after the commit, before the nudge",
        after(COMMIT, 1, Statement(JOBS, "make")),
        Creation(),
    ),
)
