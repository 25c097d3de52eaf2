"""Carries out replay jobs: batch by batch, below the job's rate, and behind the bank's live events.

Each batch is one transaction. It holds the job's row, locks the next events, reads again what became
of each, sends what the bank still misses, and writes down how it ended. So a kill repeats at most one
batch, whoever changes the job waits for one, and two workers never hold one job. A lease keeps others
away between batches; after a kill the next worker begins when it has run out. What is late goes out
marked so. A failed event that is its customer's newest becomes pending again, which has a transaction
of its own: customers are locked before events.

A job waits while something goes before it, and is looked at again a minute later. An outage spends no
tries. Leaves the job's beginning and end by request to `chalicelib.banking.replay.jobs`.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from chalicelib.banking.replay.jobs import BATCH, OUTBOX_MOST
from chalicelib.banking.replay.models import ALL, MISSED
from fintegrate.console.throttle import Throttle
from fintegrate.database import Database, Row, UniqueViolation
from fintegrate.errors import Busy
from fintegrate.outbox.arrays import array_literal
from fintegrate.outbox.sender import Sender
from fintegrate.outcome import Outcome, Result
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
BATCH_SECONDS = 1.0
"""The most that a batch sends for, and a claim may take before the database counts as slow."""
LEASE_SECONDS = 20.0
"""More than the locks, the sending and the write-back of a batch may take together."""
LOOK_SECONDS = 1.0
"""So often a worker looks for jobs, and at what goes before a job."""
AGAIN_SECONDS = 50.0
"""A job that waits is looked at again after this time, by the next run of the schedule."""
CONFIRMED_BATCHES = 20
"""So many rows of events are asked at once whether the bank has processed them."""
QUEUE = "its queue refuses"
REWIND = "a rewind of its queue"
OUTBOX = "its outbox grows: live events go first"
BREAKER = "the circuit breaker is open"
BROKER = "the broker does not answer"
DATABASE = "the database is slow"
_REFUSED = {Result.REFUSED, Result.UNROUTABLE}
_IN_VAIN = {Result.NACKED, Result.UNCONFIRMED}


@dataclass
class Worked:
    """The counts of a run."""

    jobs: int = 0
    done: int = 0
    sent: int = 0
    refused: int = 0
    left_out: int = 0


@dataclass
class _Held:
    """A job that this worker has leased."""

    job_id: str
    consumer_id: str
    per_second: int
    throttle: Throttle
    looked_at: float = float("-inf")
    counted_at: float = float("-inf")
    outbox_count: int | None = None
    passing: bool = False
    """Whether the last batch sent nothing, so that the next one may be as large as any."""
    lists: dict[int, list[str]] = field(default_factory=dict)


class _Choice(NamedTuple):
    """What to do with the next events: a prefix of them, in order."""

    left_out: list[str]
    send: list[Row]
    reopen: list[str]


class ReplayWorker:
    """Works on the jobs of all banks; `database` must be in no transaction.

    `breaker` tells the state of the circuit breaker of `sender`.
    """

    def __init__(
        self,
        database: Database,
        sender: Sender,
        breaker: Callable[[], str],
        *,
        handoff_seconds: float,
        probe_seconds: float,
    ) -> None:
        self._db = database
        self._sender = sender
        self._breaker = breaker
        self._handoff_seconds = handoff_seconds
        self._probe_seconds = probe_seconds
        self._worker = {"worker_id": str(uuid.uuid4()), "lease_seconds": LEASE_SECONDS}
        self._held: dict[str, _Held] = {}
        self._worked = Worked()

    def run(self, seconds: float) -> Worked:
        """Work on all jobs side by side, until none may go on, for at most `seconds` and one batch."""
        deadline = time.monotonic() + seconds
        looked_at = float("-inf")
        try:
            while (now := time.monotonic()) < deadline:
                if not self._held or now - looked_at >= LOOK_SECONDS:
                    looked_at = now
                    self._take()
                if not self._held:
                    break
                waits = [self._turn(job) for job in list(self._held.values())]
                pause = min(*waits, LOOK_SECONDS, deadline - time.monotonic())
                if pause > 0:
                    time.sleep(pause)
        finally:
            if self._held:
                self._db.execute(SQL["release"], self._worker)
        self._count_finished()
        return self._worked

    def _take(self) -> None:
        with suppress(UniqueViolation):  # another worker has started one of these jobs just now
            self._db.execute(SQL["start"], {})
        for row in self._db.fetch_all(SQL["take"], self._worker, revive=True):
            throttle = Throttle(row["silence"])
            self._held[row["job_id"]] = _Held(
                row["job_id"], row["consumer_id"], row["per_second"], throttle
            )
            self._worked.jobs += 1

    def _turn(self, job: _Held) -> float:
        """Do a batch of the job if its rate allows; the seconds until it does."""
        wait = job.throttle.wait(job.per_second, BATCH)
        if wait > 0:
            return wait
        try:
            reopen = self._step(job)
            if reopen:
                self._reopen(job, reopen)
        except Busy:
            self._wait(job, DATABASE)
        return 0.0

    def _step(self, job: _Held) -> list[str]:
        """Send the next events; returns those that are to be reopened before anything else."""
        began = time.monotonic()
        with self._db.transaction():
            row = self._hold(job)
            if row is None:
                return []
            reason = self._goes_before(job, row, began)
            if reason is not None:
                self._wait(job, reason)
                return []
            ids = self._ids(job, row)
            most = job.throttle.share(job.per_second, BATCH)
            found = self._look(job, row, ids, BATCH if job.passing else most)
            if time.monotonic() - began > BATCH_SECONDS:
                self._wait(job, DATABASE)
                return []
            if any(event["rewinds"] for event in found):
                self._wait(job, REWIND)
                return []
            choice = _choose(found, row, most)
            if choice.reopen:
                return choice.reopen
            outcomes = self._send(job, choice.send)
            self._write_down(job, row, ids, choice, outcomes)
        self._count_confirmed(job)
        return []

    def _hold(self, job: _Held) -> Row | None:
        row = self._db.fetch_one(SQL["hold"], {**self._worker, "job_id": job.job_id})
        if row is None:
            del self._held[job.job_id]
            return None
        job.per_second = row["per_second"]
        return row

    def _goes_before(self, job: _Held, row: Row, now: float) -> str | None:
        """What goes before the job, looked at once a second."""
        if self._breaker() == "open":
            return BREAKER
        if now - job.looked_at < LOOK_SECONDS:
            return None
        wanted = {"handoff_seconds": self._handoff_seconds, "outbox_most": OUTBOX_MOST}
        told = self._db.fetch_one(SQL["conditions"], {**row, **wanted}) or {}
        job.looked_at = now
        job.outbox_count = waiting = told["outbox_count"]
        if told["rewinds"]:
            return REWIND
        if told["pause"] is not None:
            return QUEUE
        if waiting > row["outbox_count"] or waiting == OUTBOX_MOST:
            return OUTBOX
        return None

    def _ids(self, job: _Held, row: Row) -> list[str]:
        """The ids of the events from the cursor on: at least a batch, if there are as many."""
        number, offset = divmod(row["cursor"], BATCH)
        if not {number, number + 1} <= job.lists.keys():
            wanted = {"job_id": job.job_id, "number": number}
            found = self._db.fetch_all(SQL["batches"], wanted)
            job.lists = {number: [], number + 1: []}
            job.lists |= {each["number"]: each["event_ids"] for each in found}
        return job.lists[number][offset:] + job.lists[number + 1]

    def _look(self, job: _Held, row: Row, ids: list[str], most: int) -> list[Row]:
        ahead = set(row["ahead"])
        next_ids = [event_id for event_id in ids if event_id not in ahead][:most]
        wanted = {"ids": array_literal(next_ids), "job_id": job.job_id}
        self._db.fetch_all(SQL["lock"], wanted)
        return self._db.fetch_all(SQL["look"], wanted)

    def _send(self, job: _Held, rows: list[Row]) -> list[Outcome]:
        if not rows:
            return []
        began = time.monotonic()
        outcomes = self._sender.send(rows, BATCH_SECONDS)
        job.throttle.note(len(rows), began, job.per_second)
        return outcomes

    def _write_down(
        self, job: _Held, row: Row, ids: list[str], choice: _Choice, outcomes: Sequence[Outcome]
    ) -> None:
        by_outcome = list(zip(choice.send, outcomes, strict=True))
        sent = [event for event, outcome in by_outcome if outcome.result is Result.CONFIRMED]
        refused = [each for each in by_outcome if each[1].result in _REFUSED]
        if sent:
            marked = {
                "job_id": job.job_id,
                "ids": array_literal(event["event_id"] for event in sent),
                "processed": [event["state"] == "processed" for event in sent],
            }
            self._db.execute(SQL["mark_sent"], marked)
        self._note("mark_refused", job, refused)
        self._note("note_tried", job, [each for each in by_outcome if each[1].result in _IN_VAIN])
        tried = [*sent, *(event for event, _ in refused)]
        dealt = [*choice.left_out, *(event["event_id"] for event in tried)]
        counts = {"sent": len(sent), "refused": len(refused), "left_out": len(choice.left_out)}
        self._advance(job, row, ids, dealt, counts)
        job.passing = not choice.send
        self._give_way(job, outcomes)

    def _note(self, statement: str, job: _Held, tried: list[tuple[Row, Outcome]]) -> None:
        if tried:
            told = {
                "job_id": job.job_id,
                "ids": array_literal(event["event_id"] for event, _ in tried),
                "outcomes": [outcome.result.value for _, outcome in tried],
                "reasons": [outcome.reason for _, outcome in tried],
            }
            self._db.execute(SQL[statement], told)

    def _advance(
        self,
        job: _Held,
        row: Row,
        ids: list[str],
        dealt: list[str],
        counts: dict[str, int],
        put_back: int = 0,
    ) -> None:
        """Move the cursor behind the events that are dealt with; those behind a gap are `ahead`.

        `put_back` is how many of the sent are not sent yet, but pending again.
        """
        if not dealt:
            return
        ahead = {*row["ahead"], *dealt}
        passed = 0
        while passed < len(ids) and ids[passed] in ahead:
            ahead.remove(ids[passed])
            passed += 1
        wanted = {
            **self._worker,
            **counts,
            "put_back": put_back,
            "job_id": job.job_id,
            "cursor": row["cursor"] + passed,
            "ahead": array_literal(ahead),
            "per_second_now": min(job.throttle.of_last_second, job.per_second),
            "outbox_count": job.outbox_count,
        }
        told = self._db.fetch_one(SQL["advance"], wanted) or {}
        for name, number in counts.items():
            setattr(self._worked, name, getattr(self._worked, name) + number)
        if told["status"] == "done":
            self._worked.done += 1
            del self._held[job.job_id]

    def _give_way(self, job: _Held, outcomes: Sequence[Outcome]) -> None:
        """Let the job wait if the broker or the queue did not take everything."""
        by_result = {outcome.result: outcome.reason for outcome in outcomes}
        if nack := by_result.get(Result.NACKED):
            pause = {"consumer_id": job.consumer_id, "reason": nack}
            self._db.execute(SQL["pause_bank"], {**pause, "probe_seconds": self._probe_seconds})
            self._wait(job, QUEUE)
        elif not self._sender.outages.isdisjoint(by_result):
            self._wait(job, BREAKER if self._breaker() == "open" else BROKER)

    def _reopen(self, job: _Held, failed: list[str]) -> None:
        """Make failed events pending again that are their customer's newest, before the next step."""
        began = time.monotonic()
        wanted = {"job_id": job.job_id, "ids": array_literal(failed)}
        with self._db.transaction():
            row = self._hold(job)
            if row is None:
                return
            self._db.fetch_all(SQL["lock_customers"], wanted)
            reopened = [each["event_id"] for each in self._db.fetch_all(SQL["reopen"], wanted)]
            job.throttle.note(len(reopened), began, job.per_second)
            counts = {"sent": len(reopened), "refused": 0, "left_out": 0}
            ids = self._ids(job, row)
            self._advance(job, row, ids, reopened, counts, put_back=len(reopened))

    def _wait(self, job: _Held, reason: str) -> None:
        if self._held.pop(job.job_id, None) is None:
            return
        told = {"waits_for": reason, "seconds": AGAIN_SECONDS, "outbox_count": job.outbox_count}
        self._db.execute(SQL["wait"], {**self._worker, **told, "job_id": job.job_id})

    def _count_confirmed(self, job: _Held) -> None:
        now = time.monotonic()
        if now - job.counted_at >= 2 * LOOK_SECONDS:
            job.counted_at = now
            self._count(job.job_id)

    def _count_finished(self) -> None:
        """Go on counting what the bank confirms of jobs that have ended."""
        for row in self._db.fetch_all(SQL["finished"], {}):
            self._count(row["job_id"])
        self._db.execute(SQL["forget"], {})

    def _count(self, job_id: str) -> None:
        wanted = {"job_id": job_id, "batch": BATCH, "batches": CONFIRMED_BATCHES}
        self._db.execute(SQL["count_confirmed"], wanted)


def _choose(events: Sequence[Row], job: dict[str, Any], most: int) -> _Choice:
    """The first events that can be dealt with together: `most` at most are sent.

    Reopening comes first or not at all, because it needs other locks, and keeps each customer's order.
    """
    wanted = set(job["states"] or (MISSED if job["mode"] == "missed" else ALL))
    choice = _Choice([], [], [])
    for event in events:
        is_failed = event["state"] == "publish_failed"
        is_wanted = event["state"] in wanted
        if is_failed and is_wanted and not event["has_later"]:
            if choice.left_out or choice.send or len(choice.reopen) == most:
                break
            choice.reopen.append(event["event_id"])
        elif choice.reopen:
            break
        elif is_wanted and (not is_failed or job["include_late"]):
            if len(choice.send) == most:
                break
            choice.send.append(event)
        else:
            choice.left_out.append(event["event_id"])
    return choice
