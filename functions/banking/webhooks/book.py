"""The lanes' book: the statements by which events are claimed for banks and written back.

A lane is a bank, a batch one event, and of a customer at most one event is under way. Leaves the turns
of lanes to `fintegrate.outbox.lanes`, their health to `fintegrate.outbox.lane_health`, and the request
to `sending`. What a bank has taken is written as by its own confirmation.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.banking.webhooks.sending import FAILED, RECEIVED
from fintegrate.database import Database, Row
from fintegrate.outbox.arrays import array_literal
from fintegrate.outbox.batches import AWAY, Batch, Kind, Sent, Verdict
from fintegrate.outbox.lane_health import columns_of, decided
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
LONGEST_SECONDS = 30.0
"""Of a request, whatever bank."""
LEASE_SECONDS = LONGEST_SECONDS + 20.0
AHEAD = 5
"""So many leases a run may have for each customer for whom it may call: what is claimed ahead and what
is not written back yet are leased, too, and a call is the shorter part of a lease."""
_SPEND = frozenset({Kind.REFUSED, Kind.FAULT})
_OUTCOMES = {Kind.REFUSED: "refused", Kind.UNKNOWN: "unconfirmed"}
"""How the history of an event calls what happened; all else was not sent, or to nobody."""


class Patience(NamedTuple):
    """How often an event is tried, and when it comes again.

    Attributes:
        waits: seconds between the tries of an event that is refused
        most_tries: then the event has failed
        first_wait: seconds until what was taken and not confirmed comes again; each further wait is
            twice the one before, up to `longest_wait`
    """

    waits: Sequence[float]
    most_tries: int
    first_wait: float
    longest_wait: float


@dataclass(frozen=True, slots=True)
class Calls:
    """The book of one run."""

    database: Database
    patience: Patience
    _held: Counter[str] = field(default_factory=Counter, init=False)
    """How many leases each of its tokens has. Those of other tokens are other runs'."""

    def due(self) -> list[Row]:
        wanted = {"waits": list(self.patience.waits), "own": list(self._held)}
        return self.database.fetch_all(SQL["due"], wanted, revive=True)

    def wait(self) -> float | None:
        if self.due():
            return 0.0
        found = self.database.fetch_all(SQL["wait"], {}, revive=True)[0]["seconds"]
        return None if found is None else max(0.0, float(found))

    def claim(self, lane: Row, requests: int) -> list[Batch]:
        consumer_id, token = lane["lane_id"], str(uuid.uuid4())
        ends = time.monotonic() + LEASE_SECONDS
        test = self._take_test(consumer_id, token, ends)
        wanted = {
            "consumer_id": consumer_id,
            "token": token,
            "lease_seconds": LEASE_SECONDS,
            "requests": requests - len(test),
            "waits": list(self.patience.waits),
            "own": list(self._held),
        }
        with self.database.transaction():
            turn = self.database.fetch_one(SQL["take_turn"], wanted)
            if turn is None:
                return test
            is_probe = turn["is_probe"]
            room = (
                {"most": 1, "ahead": 1}
                if is_probe
                else {"most": turn["concurrency"], "ahead": AHEAD}
            )
            rows = self.database.fetch_all(SQL["claim"], {**wanted, **room, "is_probe": is_probe})
            if not rows and is_probe:
                self._probe_again([consumer_id], [token])
        if rows:
            self._held[token] = len(rows)
            lane["concurrency"] = room["most"] - rows[0]["others"]
        return test + [Batch(turn, [row], token, ends, turn["is_probe"]) for row in rows]

    def renew(self, batches: Sequence[Batch]) -> list[Batch]:
        ends = time.monotonic() + LEASE_SECONDS
        events = [batch for batch in batches if not _is_test(batch)]
        wanted = {"consumer_id": batches[0].lane["lane_id"], "lease_seconds": LEASE_SECONDS}
        rows = self.database.fetch_all(SQL["renew"], {**wanted, **_leases(events)})
        kept = {row["event_id"] for row in rows}
        if kept:
            self._let_go(batch for batch in events if batch.rows[0]["event_id"] not in kept)
        else:
            self.release(events)
        return [
            batch._replace(ends=ends)
            for batch in batches
            if _is_test(batch) or batch.rows[0]["event_id"] in kept
        ]

    def release(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            if _is_test(batch):
                self.database.execute(SQL["give_test_back"], batch.rows[0])
        events = [batch for batch in batches if not _is_test(batch)]
        if events:
            self.database.execute(SQL["release"], _leases(events))
            self._let_go(events)
        if probes := [batch for batch in events if batch.is_probe]:
            lanes = [batch.lane["lane_id"] for batch in probes]
            self._probe_again(lanes, [batch.token for batch in probes])

    def write_back(self, sent: Sequence[Sent]) -> None:
        for each in sent:
            if _is_test(each.batch):
                self._answer_test(each)
        calls = [each for each in sent if not _is_test(each.batch)]
        if not calls:
            return
        with self.database.transaction():
            lanes = self._lock_lanes(calls)
            self._write_events(calls, lanes)
            self._write_lanes(calls, lanes)
        self._let_go(each.batch for each in calls)

    def _let_go(self, batches: Iterable[Batch]) -> None:
        """Forget the leases of these batches."""
        self._held.subtract(batch.token for batch in batches)
        for token in [token for token, leases in self._held.items() if leases <= 0]:
            del self._held[token]

    def _lock_lanes(self, sent: Sequence[Sent]) -> Mapping[str, Row]:
        """The lanes by their ids; a bank that is called no more has none."""
        wanted = {"lanes": array_literal({each.batch.lane["lane_id"] for each in sent})}
        rows = self.database.fetch_all(SQL["lock_lanes"], wanted)
        return {row["lane_id"]: row for row in rows}

    def _write_events(self, sent: Sequence[Sent], lanes: Mapping[str, Row]) -> None:
        """Write how events ended whose lease was not lost."""
        batches = [each.batch for each in sent]
        wanted = {**_leases(batches), "lease_seconds": LEASE_SECONDS}
        turns = self.database.fetch_all(SQL["lock_turns"], wanted)
        held = {turn["event_id"]: turn for turn in turns}
        told = [
            _told(each, held[event_id], lanes)
            for each in sent
            if (event_id := each.batch.rows[0]["event_id"]) in held
        ]
        taken = [each for each in told if each.verdict.kind is Kind.DELIVERED]
        untaken = [each for each in told if each.verdict.kind is not Kind.DELIVERED]
        given_up = [each for each in untaken if each.is_copy and self._is_last_try(each)]
        changed = self._confirm(taken, given_up)
        self._write_taken(taken, changed)
        self._write_untaken(untaken)
        if given_up:
            self._run("end_copies", ids=array_literal(each.event_id for each in given_up))

    def _write_taken(self, told: Sequence[_Told], changed: Container[str]) -> None:
        """`changed`: the events that are published by what was said of them."""
        if not told:
            return
        self._run("end_turns", customers=array_literal(each.customer_id for each in told))
        first = [each.event_id for each in told if not each.is_copy]
        if left := [event_id for event_id in first if event_id not in changed]:
            self._run("mark_published", ids=array_literal(left))
        self._note_copies([each for each in told if each.is_copy])
        said = [each.event_id for each in told if each.verdict.code != RECEIVED]
        if said:
            self._run("end_copies", ids=array_literal(said))
        if silent := [each.event_id for each in told if each.verdict.code == RECEIVED]:
            self._run(
                "plan_copies",
                ids=array_literal(silent),
                first_wait_seconds=self.patience.first_wait,
                longest_wait_seconds=self.patience.longest_wait,
            )

    def _write_untaken(self, told: Sequence[_Told]) -> None:
        if not told:
            return
        self._run(
            "try_later",
            customers=array_literal(each.customer_id for each in told),
            waits=[self._wait_of(each) for each in told],
            requested=[each.requested for each in told],
        )
        if first := [each for each in told if not each.is_copy and each.says]:
            self._run(
                "mark_untaken",
                **_columns(first),
                spends=[int(each.spends) for each in first],
                requested=[each.requested for each in first],
                max_tries=self.patience.most_tries,
            )
        copies = [each for each in told if each.is_copy]
        self._note_copies([each for each in copies if each.requested])
        if copies:
            self._run(
                "postpone_copies",
                ids=array_literal(each.event_id for each in copies),
                waits=[self._wait_of(each) for each in copies],
                spends=[int(each.spends) for each in copies],
            )

    def _is_last_try(self, told: _Told) -> bool:
        return told.tries + told.spends >= self.patience.most_tries

    def _confirm(self, taken: Sequence[_Told], given_up: Sequence[_Told]) -> set[str]:
        """Write what the bank said; returns the events that are published by that.

        One that refuses a copy to the last try has failed to process it. This comes before all else of
        an event: whoever confirms by API locks its receipt first, too.
        """
        failed = [each for each in taken if each.verdict.code == FAILED]
        if words := [*failed, *given_up]:
            reasons = [each.verdict.reason for each in words]
            self._run("confirm_failed", **_whose(words), reasons=reasons)
        plain = [each for each in taken if each.verdict.code != FAILED]
        if not plain:
            return set()
        statuses = [each.verdict.code or RECEIVED for each in plain]
        wanted = {**_whose(plain), "statuses": statuses}
        return {row["event_id"] for row in self.database.fetch_all(SQL["confirm"], wanted)}

    def _note_copies(self, told: Sequence[_Told]) -> None:
        if told:
            leased = [each.leased_at for each in told]
            self._run("mark_sent_again", **_columns(told), leased=leased)

    def _wait_of(self, told: _Told) -> float:
        """Seconds until an event that was not taken may be tried again, if its lane is open then."""
        if told.verdict.kind in AWAY or told.spends:
            tries = max(1, told.tries + told.spends)
            return self.patience.waits[min(tries, len(self.patience.waits)) - 1]
        return 0.0

    def _write_lanes(self, sent: Sequence[Sent], lanes: Mapping[str, Row]) -> None:
        healths, unsent = decided(sent, lanes)
        if healths:
            self._run("note_lanes", **columns_of(healths))
        if unsent:
            ids = [batch.lane["lane_id"] for batch in unsent]
            self._probe_again(ids, [batch.token for batch in unsent])

    def _probe_again(self, lanes: Sequence[str], tokens: Sequence[str]) -> None:
        self._run("probe_again", lanes=list(lanes), tokens=list(tokens))

    def _take_test(self, consumer_id: str, token: str, ends: float) -> list[Batch]:
        wanted = {"consumer_id": consumer_id}
        row = self.database.fetch_one(SQL["take_test"], wanted)
        lane = self.database.fetch_one(SQL["read_lane"], wanted) if row else None
        return [Batch(lane, [row], token, ends)] if row and lane else []

    def _answer_test(self, sent: Sent) -> None:
        (verdict,) = sent.verdicts
        assert verdict is not None  # one row is never halved
        is_taken = verdict.kind is Kind.DELIVERED
        self._run(
            "answer_test",
            test_id=sent.batch.rows[0]["test_id"],
            outcome=verdict.kind.value,
            message=verdict.code if is_taken else verdict.reason,
            http_status=sent.http_status,
            duration_ms=sent.milliseconds,
        )

    def _run(self, statement: str, **values: object) -> None:
        self.database.execute(SQL[statement], values)


def _whose(told: Sequence[_Told]) -> dict[str, str]:
    """The events with their banks."""
    return {
        "ids": array_literal(each.event_id for each in told),
        "consumers": array_literal(each.consumer_id for each in told),
    }


class _Told(NamedTuple):
    """How one event ended whose lease is still held."""

    event_id: str
    consumer_id: str
    customer_id: str
    is_copy: bool
    tries: int
    """Before this one."""
    verdict: Verdict
    requested: bool
    spends: bool
    """Whether it cost the event a try."""
    leased_at: datetime
    """Not after the request began."""

    @property
    def says(self) -> bool:
        """Whether there is something to keep: not of what was put off for no reason of its own."""
        return self.verdict.kind is not Kind.POSTPONED

    @property
    def outcome(self) -> str:
        if self.verdict.kind is Kind.DELIVERED:
            return "confirmed"
        return _OUTCOMES.get(self.verdict.kind, "unsent")


def _told(sent: Sent, turn: Row, lanes: Mapping[str, Row]) -> _Told:
    """An outage costs the event a try only if its bank took something after the try before.

    So an outage of days costs none, and an event that fells its receiver ends all the same.
    """
    row, lane = sent.batch.rows[0], lanes.get(sent.batch.lane["lane_id"])
    (verdict,) = sent.verdicts
    assert verdict is not None  # one row is never halved
    last, taken = turn["last_attempt_at"], lane and lane["last_delivered_at"]
    fells = verdict.kind in AWAY and last is not None and taken is not None and taken > last
    return _Told(
        event_id=row["event_id"],
        consumer_id=row["consumer_id"],
        customer_id=row["customer_id"],
        is_copy=row["copy_tries"] is not None,
        tries=_tries_of(row),
        verdict=verdict,
        requested=sent.requested,
        spends=verdict.kind in _SPEND or fells,
        leased_at=turn["leased_at"],
    )


def _tries_of(row: Row) -> int:
    if row["copy_tries"] is not None:
        return int(row["copy_tries"])
    return 0 if row["publish_last_tried_at"] is None else int(row["publish_try_count"])


def _columns(told: Sequence[_Told]) -> dict[str, Any]:
    return {
        "ids": array_literal(each.event_id for each in told),
        "reasons": [each.verdict.reason for each in told],
        "outcomes": [each.outcome for each in told],
    }


def _leases(batches: Sequence[Batch]) -> dict[str, Any]:
    return {
        "customers": array_literal(batch.rows[0]["customer_id"] for batch in batches),
        "tokens": array_literal(batch.token for batch in batches),
    }


def _is_test(batch: Batch) -> bool:
    return "test_id" in batch.rows[0]
