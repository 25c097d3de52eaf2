"""Requeue: dead letters are sent again, and are resolved by it.

A letter of an event has its event sent by the redeliver sweep, with all of its rules; what these leave
out stays open. A letter that matches no event goes back into its consumer's queue with the body that was
kept. Both are marked in the transaction that holds the rows while they are sent: a process that dies
in between repeats at most one batch.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.banking.configuration import Configuration
from chalicelib.banking.dead_letters.kept_message import as_kept
from chalicelib.banking.events.redeliver import redeliver_filters
from chalicelib.banking.events.scope import Scope
from fintegrate.database import Database, Row
from fintegrate.errors import Conflict
from fintegrate.messaging.publisher import Publisher
from fintegrate.outbox.summary import MAX_FAILURES_LISTED, Summary
from fintegrate.outbox.sweep import BATCH_SECONDS, Sweep
from fintegrate.outcome import ATTEMPTED, Outcome, Result
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
PAGE = 1_000
BATCH = 200
BATCH_BYTES = 16 * 1024 * 1024
"""Limits the letters in memory. The one that reaches the limit is the batch's last."""
NO_QUEUE = "The queue is gone and nothing was sent; it is declared again within two minutes"


@dataclass
class Requeued:
    """What a run did: counts of events and of letters that match none, and the letters not taken."""

    summary: Summary = field(default_factory=Summary)
    failed_letters: list[Row] = field(default_factory=list)
    without_queue: int = 0
    is_away: bool = False
    """Whether the broker was away: then nothing more is tried."""

    def add(self, letters: Sequence[Row], outcomes: Sequence[Outcome]) -> None:
        """Count letters that match no event."""
        for letter, outcome in zip(letters, outcomes, strict=True):
            self.summary.attempted += outcome.result in ATTEMPTED
            self.summary.succeeded += outcome.result is Result.CONFIRMED
            self.without_queue += outcome.result is Result.UNROUTABLE
            self.is_away |= outcome.result in {Result.UNSENT, Result.UNCONFIRMED}
            if outcome.result is not Result.CONFIRMED:
                self.failed_letters.append(
                    {"dead_letter_id": letter["dead_letter_id"], "failure_reason": outcome.reason}
                )
        self.summary.failed = self.summary.attempted - self.summary.succeeded
        del self.failed_letters[MAX_FAILURES_LISTED:]

    def answer(self) -> dict[str, Any]:
        return {
            "summary": self.summary.counts(),
            "failed_events": self.summary.failures,
            "failed_letters": self.failed_letters,
        }


class Requeuing:
    """Sends letters again. `sweep` is redeliver's; its database must be in no transaction."""

    def __init__(self, sweep: Sweep, publisher: Publisher, settings: Configuration) -> None:
        statements = {**sweep.statements, "confirmed_also": SQL["resolve_sent"]}
        self._sweep = replace(sweep, statements=statements)
        self._publisher = publisher
        self._settings = settings

    def run(self, filters: Mapping[str, Any], said: Mapping[str, Any]) -> Requeued:
        """Send the open letters that match, oldest first, until time is up.

        `said` has `resolved_by`, `resolved_reason` and `caused_by`, the id of the request.

        Raises:
            Conflict: nothing was sent, because a queue is gone.
        """
        deadline = time.monotonic() + self._settings.sweep_seconds
        done, looked, after = Requeued(), 0, {"after_at": None, "after_id": None}
        counted = count(self._sweep.database, filters)
        while time.monotonic() < deadline:
            wanted = {**filters, **after, "limit": PAGE}
            letters = self._sweep.database.fetch_all(SQL["next"], wanted, revive=True)
            looked += len(letters)
            self._send(letters, {**filters, **said}, deadline, done)
            if len(letters) < PAGE or done.is_away:
                break
            after = {
                "after_at": letters[-1]["created_at"],
                "after_id": letters[-1]["dead_letter_id"],
            }
        done.summary.total_pending += max(counted - looked, 0)
        if done.without_queue and done.without_queue == done.summary.attempted:
            raise Conflict(NO_QUEUE)
        return done

    def _send(
        self, letters: Sequence[Row], said: Mapping[str, Any], deadline: float, done: Requeued
    ) -> None:
        matched = [letter for letter in letters if letter["event_id"] is not None]
        unmatched = [letter for letter in letters if letter["event_id"] is None]
        if matched:
            done.summary.include(self._send_events(matched, said, deadline - time.monotonic()))
        done.summary.total_pending += len(unmatched)
        for batch in batches(unmatched):
            if time.monotonic() < deadline and not done.is_away:
                done.add(*self._put_back(batch, said))

    def _send_events(
        self, letters: Sequence[Row], said: Mapping[str, Any], seconds: float
    ) -> Summary:
        events = sorted({letter["event_id"] for letter in letters})
        scope = Scope(said["consumer_id"])
        filters = redeliver_filters(
            self._settings,
            scope,
            events,
            include_failed=True,
            by="requeue",
            caused_by=said["caused_by"],
        )
        chosen = {"dead_letter_ids": _ids(letters)}
        summary = self._sweep.run({**said, **filters, **chosen}, seconds, counts=False)
        summary.total_pending = max(len(events), summary.attempted)
        return summary

    def _put_back(
        self, letters: Sequence[Row], said: Mapping[str, Any]
    ) -> tuple[list[Row], list[Outcome]]:
        """Put letters into their own queues, in order; those that another requeue holds are left."""
        db = self._sweep.database
        with db.transaction():
            claimed = db.fetch_all(SQL["claim"], {**said, "dead_letter_ids": _ids(letters)})
            held = {row["consumer_id"] for row in db.fetch_all(SQL["held"], said)}
            free = [letter for letter in claimed if letter["consumer_id"] not in held]
            outcomes = self._publisher.publish([as_kept(each) for each in free], BATCH_SECONDS)
            taken = [
                letter["dead_letter_id"]
                for letter, outcome in zip(free, outcomes, strict=True)
                if outcome.result is Result.CONFIRMED
            ]
            db.execute(SQL["resolve"], {**said, "dead_letter_ids": taken, "requeued": True})
        return free, outcomes


def nothing_sent(found: int) -> dict[str, Any]:
    """The answer after a dry run that found so many letters."""
    return Requeued(Summary(found)).answer()


def count(db: Database, filters: Mapping[str, Any]) -> int:
    """How many open letters match, up to one more than `most`."""
    return int(db.fetch_all(SQL["count"], filters, revive=not db.in_transaction)[0]["count"])


def batches(letters: Sequence[Row]) -> list[list[Row]]:
    """The letters in order, in batches that fit into memory."""
    found: list[list[Row]] = []
    size = 0
    for letter in letters:
        if not found or len(found[-1]) == BATCH or size >= BATCH_BYTES:
            found.append([])
            size = 0
        found[-1].append(letter)
        size += letter["size_bytes"]
    return found


def _ids(letters: Sequence[Row]) -> list[str]:
    return [letter["dead_letter_id"] for letter in letters]
