"""The lanes' book: the statements by which deliveries are claimed, renewed and written back.

Leaves the turns of lanes to `fintegrate.outbox.lanes`, and what a request looks like to the adapters.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from fintegrate.database import Database, Row
from fintegrate.outbox.arrays import array_literal
from fintegrate.outbox.batches import AWAY, Batch, Kind, Sent, Verdict
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
OVERLOAD_SECONDS = 30.0
"""The wait after an overload, if the receiver names none."""
BURST_SECONDS = 10.0
"""An account that was not used may get the requests of so many seconds at once."""
_REQUESTED = frozenset(
    {Kind.DELIVERED, Kind.REFUSED, Kind.CONFIGURATION, Kind.OVERLOAD, Kind.OUTAGE, Kind.UNKNOWN}
)


class Limits(NamedTuple):
    """What a lane's receiver takes.

    Attributes:
        batch: events in a request, at most
        expires_at: when an event is too old
        lease_seconds: the longest request, and a margin
        split: parts claimed events into those that one request may hold, beside their number
    """

    batch: int
    expires_at: Callable[[Row], datetime]
    lease_seconds: float
    split: Callable[[Row, Sequence[Row]], list[Sequence[Row]]] | None = None


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The book of one process.

    `limits` are those of an adapter. `waits` are the seconds between tries.
    """

    database: Database
    limits: Callable[[str], Limits]
    waits: Sequence[float]

    def due(self) -> list[Row]:
        lanes = self.database.fetch_all(SQL["due"], {}, revive=True)
        return [{**lane, "batch": self.limits(lane["adapter"]).batch} for lane in lanes]

    def wait(self) -> float | None:
        found = self.database.fetch_all(SQL["wait"], {}, revive=True)[0]["seconds"]
        return None if found is None else max(0.0, float(found))

    def claim(self, lane: Row, requests: int) -> list[Batch]:
        lane_id, token = lane["lane_id"], str(uuid.uuid4())
        limits = self.limits(lane["adapter"])
        ends = time.monotonic() + limits.lease_seconds
        rows = self.database.fetch_all(
            SQL["claim"],
            {
                "lane_id": lane_id,
                "requests": requests,
                "batch": limits.batch,
                "burst_seconds": BURST_SECONDS,
                "token": token,
                "lease_seconds": limits.lease_seconds,
            },
        )
        if not rows:
            self._probe_again([lane_id], [token])
            return []
        destination, is_probe = rows[0]["destination"], rows[0]["is_probe"]
        parts = limits.split(destination, rows) if limits.split else _parts(rows, limits.batch)
        paid = -(-len(rows) // limits.batch)
        return [
            Batch(destination, part, token, ends, is_probe, number < paid)
            for number, part in enumerate(parts)
        ]

    def claim_one(self, lane_id: int) -> Batch | None:
        """Lease one delivery of a lane, whatever the lane's state; None if it has none to send."""
        token = str(uuid.uuid4())
        destination = self._destination(lane_id)
        if destination is None:
            return None
        seconds = self.limits(destination["adapter"]).lease_seconds
        ends = time.monotonic() + seconds
        wanted = {"lane_id": lane_id, "token": token, "lease_seconds": seconds}
        rows = self.database.fetch_all(SQL["claim_one"], wanted)
        return Batch(destination, rows, token, ends, is_probe=True) if rows else None

    def _destination(self, lane_id: int) -> Row | None:
        return self.database.fetch_one(SQL["read_destinations"], {"lane_id": lane_id})

    def renew(self, batches: Sequence[Batch]) -> list[Batch]:
        lane = batches[0].lane
        seconds = self.limits(lane["adapter"]).lease_seconds
        ends = time.monotonic() + seconds
        leased = [(row["event"], batch.token) for batch in batches for row in batch.rows]
        wanted = {
            "lane_id": lane["lane_id"],
            "events": array_literal(event for event, _ in leased),
            "tokens": array_literal(token for _, token in leased),
            "requests": sum(not batch.paid for batch in batches),
            "lease_seconds": seconds,
        }
        kept = {row["event"] for row in self.database.fetch_all(SQL["renew"], wanted)}
        if not kept:
            self.release(batches)
        left = (
            batch._replace(
                rows=[row for row in batch.rows if row["event"] in kept], ends=ends, paid=True
            )
            for batch in batches
        )
        return [batch for batch in left if batch.rows]

    def release(self, batches: Sequence[Batch]) -> None:
        paid = Counter(batch.lane["lane_id"] for batch in batches if batch.paid)
        leased = [(row["event"], batch) for batch in batches for row in batch.rows]
        wanted = {
            "events": array_literal(event for event, _ in leased),
            "lanes": array_literal(batch.lane["lane_id"] for _, batch in leased),
            "tokens": array_literal(batch.token for _, batch in leased),
            "paid_lanes": list(paid),
            "requests": list(paid.values()),
        }
        self.database.execute(SQL["release"], wanted)
        if probes := [batch for batch in batches if batch.is_probe]:
            lanes = [batch.lane["lane_id"] for batch in probes]
            self._probe_again(lanes, [batch.token for batch in probes])

    def write_back(self, sent: Sequence[Sent]) -> None:
        with self.database.transaction():
            self._write_rows(sent)
            self._write_lanes(sent)

    def _write_rows(self, sent: Sequence[Sent]) -> None:
        told = [row for each in sent for row in self._told(each)]
        if told:
            columns = {
                name: array_literal(column) if name in _PLAIN else list(column)
                for name, column in zip(_Told._fields, zip(*told, strict=True), strict=True)
            }
            tries = {"most_tries": len(self.waits), "waits": list(self.waits)}
            self.database.execute(SQL["write_back"], {**columns, **tries})

    def _told(self, sent: Sent) -> Iterator[_Told]:
        lane, expires_at = sent.batch.lane, self.limits(sent.batch.lane["adapter"]).expires_at
        size = sum(each is None or each.kind in _REQUESTED for each in sent.verdicts)
        for row, verdict in zip(sent.batch.rows, sent.verdicts, strict=True):
            if verdict is not None:
                yield _Told(
                    events=row["event"],
                    lanes=lane["lane_id"],
                    tokens=sent.batch.token,
                    kinds=verdict.kind.value,
                    reasons=verdict.reason,
                    expires=expires_at(row),
                    requested=sent.requested and verdict.kind in _REQUESTED,
                    codes=verdict.code,
                    http_statuses=sent.http_status,
                    milliseconds=sent.milliseconds,
                    batch_sizes=size,
                )

    def _write_lanes(self, sent: Sequence[Sent]) -> None:
        asked: dict[int, list[Sent]] = {}
        unsent: list[Batch] = []
        configured = self._configured(sent)
        for each in sent:
            lane, refuses = each.batch.lane, _has(Kind.CONFIGURATION, each)
            # A configuration that was changed meanwhile was not asked.
            is_old = refuses and lane["configured_at"] != configured[lane["lane_id"]]
            if not is_old and (each.requested or refuses):
                asked.setdefault(lane["lane_id"], []).append(each)
            elif each.batch.is_probe:
                unsent.append(each.batch)
        if asked:
            said = [_said(lane_id, answers) for lane_id, answers in asked.items()]
            columns = {name: [each[name] for each in said] for name in said[0]}
            self.database.execute(SQL["note_lanes"], columns)
        if unsent:
            lanes = [batch.lane["lane_id"] for batch in unsent]
            self._probe_again(lanes, [batch.token for batch in unsent])

    def _configured(self, sent: Sequence[Sent]) -> Mapping[int, str]:
        """When each lane was last configured, if one of the answers refuses a configuration."""
        if not any(_has(Kind.CONFIGURATION, each) for each in sent):
            return {}
        wanted = {"lanes": array_literal({each.batch.lane["lane_id"] for each in sent})}
        rows = self.database.fetch_all(SQL["configured"], wanted)
        return {row["lane_id"]: row["configured_at"] for row in rows}

    def _probe_again(self, lanes: Sequence[int], tokens: Sequence[str]) -> None:
        self.database.execute(SQL["probe_again"], {"lanes": list(lanes), "tokens": list(tokens)})


class _Told(NamedTuple):
    """What is written of one event, in the names of the statement's columns."""

    events: int
    lanes: int
    tokens: str
    kinds: str
    reasons: str
    expires: datetime
    requested: bool
    codes: str | None
    http_statuses: int | None
    milliseconds: int
    batch_sizes: int


_PLAIN = frozenset(_Told._fields) - {"reasons", "codes", "http_statuses"}
"""The columns without NULL and free text, for which a literal is faster than a list."""


def _has(kind: Kind, sent: Sent) -> bool:
    return any(verdict is not None and verdict.kind is kind for verdict in sent.verdicts)


def _said(lane_id: int, answers: Sequence[Sent]) -> Mapping[str, Any]:
    """What the answers of one lane say of it, in the order in which they came.

    An outage after other answers counts, one before them does not. A word to stop stands, whatever else
    came with it. If the lane's probe is among them, it alone says whether the receiver is there.
    """
    probe = next((each.batch.token for each in answers if each.batch.is_probe), None)
    outages = refused = 0
    answered = delivered = False
    last = Verdict(Kind.DELIVERED)
    stops: list[Verdict] = []
    for sent in answers:
        counts = probe is None or sent.batch.is_probe
        verdicts = [verdict for verdict in sent.verdicts if verdict is not None]
        away = next((verdict for verdict in verdicts if verdict.kind in AWAY), None)
        if away:
            outages, last = (outages + 1, away) if counts else (outages, last)
            continue
        if counts:
            answered, outages = answered or sent.requested, 0
            last = verdicts[-1] if verdicts else Verdict(Kind.REFUSED)
        for verdict in verdicts:
            if verdict.kind is Kind.DELIVERED:
                delivered, refused = True, 0
            refused += verdict.kind is Kind.REFUSED
        stops += [verdict for verdict in verdicts if verdict.kind in _STOPS]
    last = max(stops, key=_weight) if stops else last
    return {
        "lanes": lane_id,
        "probes": probe,
        "kinds": last.kind.value,
        "reasons": last.reason,
        "waits": _wait(last),
        "answered": answered,
        "outages": outages,
        "delivered": delivered,
        "refused": refused,
    }


_STOPS = frozenset({Kind.CONFIGURATION, Kind.OVERLOAD})


def _weight(stop: Verdict) -> tuple[bool, float]:
    return stop.kind is Kind.CONFIGURATION, _wait(stop) or 0.0


def _wait(verdict: Verdict) -> float | None:
    """The seconds that the lane waits by the receiver's word, or by ours after an overload."""
    if verdict.kind is Kind.OVERLOAD and verdict.wait is None:
        return OVERLOAD_SECONDS
    return verdict.wait


def _parts(rows: Sequence[Row], size: int) -> list[Sequence[Row]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]
