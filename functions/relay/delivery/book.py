"""The lanes' book: the statements by which deliveries are claimed, renewed and written back.

Leaves the turns of lanes to `fintegrate.outbox.lanes`, their health to `fintegrate.outbox.lane_health`,
and what a request looks like to the adapters.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from fintegrate.database import Database, Row
from fintegrate.outbox.arrays import array_literal
from fintegrate.outbox.batches import Batch, Kind, Sent
from fintegrate.outbox.lane_health import columns_of, decided
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
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
        ids = array_literal({each.batch.lane["lane_id"] for each in sent})
        rows = self.database.fetch_all(SQL["lock_lanes"], {"lanes": ids})
        healths, unsent = decided(sent, {row["lane_id"]: row for row in rows})
        if healths:
            self.database.execute(SQL["note_lanes"], columns_of(healths))
        if unsent:
            lanes = [batch.lane["lane_id"] for batch in unsent]
            self._probe_again(lanes, [batch.token for batch in unsent])

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


def _parts(rows: Sequence[Row], size: int) -> list[Sequence[Row]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]
