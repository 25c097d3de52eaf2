"""Carries out rewinds: waits until nobody publishes, makes the queue anew, publishes, ends the hold.

The rules were model-checked; without any of them an event is lost or overtakes another.

1. After the hold is committed the worker waits until everybody who looked before is through: every
   transaction of that time has ended, and the longest time that a handler or a sweep may go on
   publishing has passed. The second holds even if the database lost those transactions in a crash.
2. Handlers ask for the hold where they look for earlier events, sweeps in the statement after their
   locks. Only a customer's first event asks nobody: nothing can come before it.
3. The job sends every event of its range itself, pending and failed ones too, and marks it under the
   row's lock. What committed after the queue was made anew is left to the sweeps.
4. The worker has an exclusive connection to the broker for each step and does everything on it. So a
   worker that was frozen, or lost its database, has ended before another begins.
5. The queue is deleted and declared, not purged: a purge leaves unacknowledged messages, which would
   come back between the new ones. RabbitMQ then cancels a reader, or moves its subscription to the new
   queue and hands it nothing any more. So the bank's connections are closed afterwards (`emptied`).

A kill at any point repeats at most one batch. A job that is cancelled before its queue is touched ends
when `quiet_after` is over. One that is cancelled later gives back what it has not sent: these events are
pending again before the hold ends, so the sweeps send them in order and live events wait behind them.
Leaves the job's beginning to `chalicelib.banking.events.rewind`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import pika

from chalicelib.banking.events.message import compose
from chalicelib.banking.events.topology import EXCHANGE, queue_name, queues
from chalicelib.banking.webhooks.handing_over import HANDED_OVER, hand_over
from fintegrate.database import Database, Row
from fintegrate.messaging.broker import BrokerUnavailable
from fintegrate.messaging.exclusive import ExclusiveConnection
from fintegrate.messaging.publisher import parameters_of
from fintegrate.outcome import Outcome, Result
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
BATCH = 500
STRETCH = 10_000
"""How many events a step looks at, at most."""
BATCH_SECONDS = 4.0
"""As a sweep's: below the lock timeout of the statements that wait for these rows."""
BROKER_SECONDS = 3.0
MARGIN_SECONDS = 7
"""Added to the hand-off time. It covers a sweep's batch, the declaration of a lost queue, and what a
broken line to the broker may still deliver (5 s)."""
QUIET = "publishers that began before the rewind"
log = logging.getLogger(__name__)


class RewindsStuck(Exception):
    """Some rewinds could not be worked on; the log has the errors."""


@dataclass
class Worked:
    """The counts of a run: jobs that were not done at its beginning, jobs that it ended, events sent."""

    jobs: int = 0
    done: int = 0
    sent: int = 0


def alone(parameters: pika.URLParameters, consumer_name: str) -> ExclusiveConnection:
    """The connection for the work on one bank's queue, which one process has at a time.

    Raises:
        BrokerUnavailable: another process has it, or the broker is away.
    """
    return ExclusiveConnection(parameters, f"rewind_{consumer_name}", BROKER_SECONDS)


class RewindWorker:
    """Works on the jobs of all banks; `database` must be in no transaction."""

    def __init__(self, database: Database, broker_url: str, handoff_seconds: float) -> None:
        self._db = database
        self._parameters = parameters_of(broker_url)
        self._quiet_seconds = handoff_seconds + MARGIN_SECONDS

    def run(self, seconds: float) -> Worked:
        """Give each job its share of `seconds`, and one batch more; the longest untouched comes first.

        Raises:
            RewindsStuck: at the end, if an error ended the work on some job.
        """
        deadline = time.monotonic() + seconds
        jobs = self._db.fetch_all(SQL["unfinished"], {}, revive=True)
        worked, stuck = Worked(jobs=len(jobs)), []
        for index, job in enumerate(jobs):
            share = (deadline - time.monotonic()) / (len(jobs) - index)
            try:
                self._work_on(job["job_id"], time.monotonic() + share, worked)
            except BrokerUnavailable as error:
                log.warning("rewind %s waits: %s", job["job_id"], error)
                self._wait(job["job_id"], str(error))
            except Exception as error:  # one bank's trouble is not the others'
                log.exception("rewind %s", job["job_id"])
                self._wait(job["job_id"], type(error).__name__)
                stuck.append(job["job_id"])
            if time.monotonic() >= deadline:
                break
        if stuck:
            raise RewindsStuck(f"rewinds not worked on: {', '.join(stuck)}")
        return worked

    def _work_on(self, job_id: str, deadline: float, worked: Worked) -> None:
        job = self._load(job_id)
        if job is None:
            return
        if job["is_cancelled"] and not job["is_touched"]:
            worked.done += self._end_untouched(job_id)
            return
        if job["status"] == "held" and not self._is_quiet(job):
            self._wait(job_id, QUIET)
            return
        with closing(alone(self._parameters, job["consumer_name"])) as broker:
            job = self._load(job_id)  # another worker may have gone on until just now
            if job is not None and job["status"] == "held":
                self._make_queue_anew(broker, job)
            while self._step(broker, job_id, worked) and time.monotonic() < deadline:
                pass

    def _load(self, job_id: str) -> Row | None:
        return self._db.fetch_one(SQL["load"], {"job_id": job_id}, revive=True)

    def _is_quiet(self, job: Row) -> bool:
        """Whether everybody is through who looked before the hold was committed (rule 1)."""
        wanted = {"job_id": job["job_id"], "seconds": self._quiet_seconds}
        self._db.execute(SQL["note_publishers"], wanted)
        state = self._db.fetch_one(SQL["are_publishers_through"], wanted)
        return state is not None and bool(state["quiet"])

    def _end_untouched(self, job_id: str) -> int:
        """End a job that was cancelled before it did anything, once nothing of before is under way."""
        ended = self._db.execute(SQL["end_untouched"], {"job_id": job_id})
        if not ended:
            self._wait(job_id, QUIET)
        return ended

    def _make_queue_anew(self, broker: ExclusiveConnection, job: Row) -> None:
        """A job that was cancelled on its way may have made it anew, or not; it goes on as if it had."""
        name = job["consumer_name"]
        if job["is_cancelled"] and not job["is_touched"]:
            return  # the next run ends it
        if not job["is_cancelled"]:
            if not self._db.execute(SQL["emptying"], {"job_id": job["job_id"]}):
                return  # cancelled just now
            broker.make_anew(queue_name(name), EXCHANGE, queues([name]), BROKER_SECONDS)
        self._db.execute(SQL["emptied"], {"job_id": job["job_id"]})

    def _step(self, broker: ExclusiveConnection, job_id: str, worked: Worked) -> bool:
        """Send the next events in order, or give them back; returns whether to go on."""
        with self._db.transaction():
            self._db.execute(SQL["plan"], {})
            job = self._db.fetch_one(SQL["lock_publishing"], {"job_id": job_id})
            if job is None:
                return False
            end = self._db.fetch_one(SQL["find_end"], {**job, "stretch": STRETCH})
            job = {**job, **(end or {"end_created_at": None, "end_event_id": None})}
            if job["cancelled_at"] is None:
                return self._send_batch(broker, job, worked)
            self._db.execute(SQL["give_back"], job)
            return self._pass(job, worked)

    def _send_batch(self, broker: ExclusiveConnection, job: Row, worked: Worked) -> bool:
        """The job goes on behind the last event before the first one that failed."""
        rows = self._db.fetch_all(SQL["claim"], {**job, "batch": BATCH})
        if not rows:
            return self._pass(job, worked)
        outcomes = self._send(broker, rows)
        confirmed = [
            row["event_id"]
            for row, outcome in zip(rows, outcomes, strict=True)
            if outcome.result is Result.CONFIRMED
        ]
        failures = [
            (index, outcome.reason)
            for index, outcome in enumerate(outcomes)
            if outcome.result is not Result.CONFIRMED
        ]
        sent, waits_for = failures[0] if failures else (len(rows), None)
        last = rows[sent - 1] if sent else {}
        late = [row["event_id"] for row in rows if row["sent_late_at"]]
        marked = {"ids": confirmed, "late_ids": late, "job_id": job["job_id"]}
        self._db.execute(SQL["mark_sent"], marked)
        self._db.execute(
            SQL["advance"],
            {
                "job_id": job["job_id"],
                "created_at": last.get("created_at"),
                "event_id": last.get("event_id"),
                "sent": len(confirmed),
                "waits_for": waits_for,
            },
        )
        worked.sent += len(confirmed)
        return not failures

    def _send(self, broker: ExclusiveConnection, rows: Sequence[Row]) -> list[Outcome]:
        """Into the queue; for a bank that is called, to its webhook, before all that comes later."""
        if not rows[0]["by_webhook"]:
            return broker.publish([compose(row) for row in rows], BATCH_SECONDS)
        hand_over(self._db, [row["event_id"] for row in rows], "rewind", goes_first=True)
        return [HANDED_OVER] * len(rows)

    def _pass(self, job: Row, worked: Worked) -> bool:
        """Go on behind the step's end, up to which nothing is left; without one the job is done."""
        wanted = {"job_id": job["job_id"], "created_at": job["end_created_at"]}
        if job["end_created_at"] is None:
            worked.done += self._db.execute(SQL["finish"], wanted)
            return False
        wanted |= {"event_id": job["end_event_id"], "sent": 0, "waits_for": None}
        self._db.execute(SQL["advance"], wanted)
        return True

    def _wait(self, job_id: str, reason: str) -> None:
        self._db.execute(SQL["wait"], {"job_id": job_id, "waits_for": reason[:500]})
