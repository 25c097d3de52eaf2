"""The lanes' book: the statements by which deliveries are claimed, renewed and written back.

Leaves the turns of lanes to `fintegrate.outbox.lanes`, and what a request looks like to the adapters.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any, NamedTuple

from fintegrate.database import Database, Row
from fintegrate.outbox.arrays import array_literal
from fintegrate.outbox.lanes import AWAY, Batch, Kind, Sent, Verdict
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
BLOCKED_SECONDS = 900.0
"""A blocked lane is tried again after this time, with one event."""
OVERLOAD_SECONDS = 30.0
"""The wait after an overload, if the receiver names none."""
BURST_SECONDS = 10.0
"""An account that was not used may get the requests of so many seconds at once."""
_REQUESTED = frozenset(
    {Kind.DELIVERED, Kind.REFUSED, Kind.CONFIGURATION, Kind.OVERLOAD, Kind.OUTAGE, Kind.UNKNOWN}
)


class Limits(NamedTuple):
    """What a lane's receiver takes: events in a request, and for how long an event is not too old."""

    batch: int
    expires_at: Callable[[Row], datetime]


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The book of one process.

    `limits` are those of an adapter. `waits` are the seconds between tries.
    """

    database: Database
    limits: Callable[[str], Limits]
    waits: Sequence[float]
    lease_seconds: float

    def due(self) -> list[Row]:
        return self.database.fetch_all(SQL["due"], {}, revive=True)

    def claim(self, lane: Row, requests: int) -> list[Batch]:
        lane_id, token = lane["lane_id"], str(uuid.uuid4())
        destination = self.database.fetch_one(SQL["read_destinations"], {"lane_id": lane_id})
        if destination is None:
            return []
        limits = self.limits(destination["adapter"])
        ends = time.monotonic() + self.lease_seconds
        rows = self.database.fetch_all(
            SQL["claim"],
            {
                "lane_id": lane_id,
                "requests": requests,
                "batch": limits.batch,
                "burst_seconds": BURST_SECONDS,
                "token": token,
                "lease_seconds": self.lease_seconds,
            },
        )
        return [Batch(destination, part, token, ends) for part in _parts(rows, limits.batch)]

    def claim_one(self, lane_id: int) -> Batch | None:
        """Lease one delivery of a lane, whatever the lane's state; None if it has none to send."""
        token = str(uuid.uuid4())
        destination = self.database.fetch_one(SQL["read_destinations"], {"lane_id": lane_id})
        ends = time.monotonic() + self.lease_seconds
        rows = self.database.fetch_all(
            SQL["claim_one"],
            {"lane_id": lane_id, "token": token, "lease_seconds": self.lease_seconds},
        )
        return Batch(destination, rows, token, ends) if destination and rows else None

    def renew(self, batch: Batch) -> Batch | None:
        ends = time.monotonic() + self.lease_seconds
        wanted = {
            "lane_id": batch.lane["lane_id"],
            "events": array_literal(row["event"] for row in batch.rows),
            "token": batch.token,
            "lease_seconds": self.lease_seconds,
        }
        kept = {row["event"] for row in self.database.fetch_all(SQL["renew"], wanted)}
        if not kept:
            self.database.execute(SQL["release"], wanted)
            return None
        rows = [row for row in batch.rows if row["event"] in kept]
        return batch._replace(rows=rows, ends=ends)

    def write_back(self, sent: Sequence[Sent]) -> None:
        with self.database.transaction():
            told = [
                (each, row, verdict)
                for each in sent
                for row, verdict in zip(each.batch.rows, each.verdicts, strict=True)
                if verdict is not None
            ]
            if told:
                self._write_rows(told)
            self._write_lanes(sent)

    def _write_rows(self, told: Sequence[tuple[Sent, Row, Verdict]]) -> None:
        def of(value: Callable[[Sent, Row, Verdict], Any]) -> list[Any]:
            return [value(*each) for each in told]

        named = {
            "events": array_literal(of(lambda _, row, __: row["event"])),
            "lanes": array_literal(of(lambda sent, *_: sent.batch.lane["lane_id"])),
            "kinds": array_literal(of(lambda *each: each[2].kind.value)),
            "reasons": of(lambda *each: each[2].reason),
        }
        self.database.execute(
            SQL["write_back"],
            {
                **named,
                "tokens": array_literal(of(lambda sent, *_: sent.batch.token)),
                "expires": of(
                    lambda sent, row, _: self.limits(sent.batch.lane["adapter"]).expires_at(row)
                ),
                "most_tries": len(self.waits),
                "waits": list(self.waits),
            },
        )
        told = [each for each in told if each[0].requested and each[2].kind in _REQUESTED]
        if told:
            self.database.execute(
                SQL["note_attempts"],
                {
                    "events": array_literal(of(lambda _, row, __: row["event"])),
                    "lanes": array_literal(of(lambda sent, *_: sent.batch.lane["lane_id"])),
                    "kinds": array_literal(of(lambda *each: each[2].kind.value)),
                    "reasons": of(lambda *each: each[2].reason),
                    "codes": of(lambda *each: each[2].code),
                    "http_statuses": of(lambda sent, *_: sent.http_status),
                    "milliseconds": array_literal(of(lambda sent, *_: sent.milliseconds)),
                    "batch_sizes": array_literal(of(lambda sent, *_: len(sent.batch.rows))),
                },
            )

    def _write_lanes(self, sent: Sequence[Sent]) -> None:
        asked: dict[int, list[Sent]] = {}
        untouched: list[int] = []
        for each in sent:
            lane_id = each.batch.lane["lane_id"]
            if each.requested:
                asked.setdefault(lane_id, []).append(each)
            else:
                untouched.append(lane_id)
        if asked:
            said = [_said(lane_id, answers) for lane_id, answers in sorted(asked.items())]
            columns = {name: [each[name] for each in said] for name in said[0]}
            self.database.execute(SQL["note_lanes"], columns)
        if lanes := sorted(set(untouched) - set(asked)):
            self.database.execute(SQL["probe_again"], {"lanes": array_literal(lanes)})


def _said(lane_id: int, answers: Sequence[Sent]) -> Mapping[str, Any]:
    """What the answers of one lane say of it, in the order in which they came."""
    outages = refused = 0
    answered = delivered = False
    last = Verdict(Kind.DELIVERED)
    for sent in answers:
        verdicts = [verdict for verdict in sent.verdicts if verdict is not None]
        away = [verdict for verdict in verdicts if verdict.kind in AWAY]
        if away:
            outages, last = outages + 1, away[0]
            continue
        answered, outages = True, 0
        if any(verdict.kind is Kind.DELIVERED for verdict in verdicts):
            delivered, refused = True, 0
        refused += sum(verdict.kind is Kind.REFUSED for verdict in verdicts)
        last = next((v for v in verdicts if v.kind in _STOPS), None) or (
            verdicts[-1] if verdicts else Verdict(Kind.REFUSED)
        )
    return {
        "lanes": lane_id,
        "kinds": last.kind.value,
        "reasons": last.reason,
        "waits": _wait(last),
        "answered": answered,
        "outages": outages,
        "delivered": delivered,
        "refused": refused,
    }


_STOPS = frozenset({Kind.CONFIGURATION, Kind.OVERLOAD})


def _wait(verdict: Verdict) -> float:
    if verdict.kind is Kind.OVERLOAD:
        return OVERLOAD_SECONDS if verdict.wait is None else verdict.wait
    return inf if verdict.wait == inf else BLOCKED_SECONDS


def _parts(rows: Sequence[Row], size: int) -> list[Sequence[Row]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]
