"""Makes deliveries due again that a filter names, or gives them up.

A replay changes what the receiver can still use: not what is too old for it, lacks a field, or must not
be sent. It keeps the deduplication id. A call looks at so many deliveries; the next one goes on behind
its cursor. It changes nothing before it has looked at all of them, so it holds no locks for long.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from chalicelib.relay.delivery.adapters import adapter_of
from chalicelib.relay.delivery.composing import MARGIN
from chalicelib.relay.delivery.opening import event_of, settings_of
from chalicelib.relay.delivery.shapes import Adapter, Destination
from chalicelib.relay.replay.models import MOST, GiveUp, Replay
from fintegrate.access.key_ring import KeyMissing
from fintegrate.access.sealing import Misplaced, Sealing, Unreadable
from fintegrate.console.acts import check_expected
from fintegrate.database import Database, Row
from fintegrate.outbox.arrays import array_literal
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
PAGE = 500
FIRST = "0-0"
"""The cursor before all deliveries: where to go on if there was no time for one page."""
DAYS_BACK = 90
_STATUSES = {Replay: ("failed", "expired", "skipped", "pending"), GiveUp: ("pending",)}
"""Unless some are named."""
UNPROTECTED = (
    "{count} of them may have arrived before, and their receiver no longer tells a second copy by its "
    "deduplication id: they may count twice"
)


class _Lane(NamedTuple):
    row: Row
    adapter: Adapter
    destination: Destination
    oldest: datetime
    """Events of before are too old for its receiver, or for the filter."""


class _Chosen(NamedTuple):
    event: int
    lane_id: int
    status: str


@dataclass
class _Tally:
    """What a call has seen of a lane."""

    go: Counter[str] = field(default_factory=Counter)
    stay: Counter[str] = field(default_factory=Counter)
    unprotected: int = 0


@dataclass
class _Choice:
    """What a call has seen, and what is to be changed."""

    tallies: dict[int, _Tally] = field(default_factory=dict)
    rows: list[_Chosen] = field(default_factory=list)
    next_cursor: str | None = None

    def of(self, lane_id: int) -> _Tally:
        return self.tallies.setdefault(lane_id, _Tally())

    def choose(self, row: Row) -> None:
        """Keep of a row what its change needs."""
        self.of(row["lane_id"]).go[row["status"]] += 1
        self.rows.append(_Chosen(row["event"], row["lane_id"], row["status"]))


def replay(db: Database, sealing: Sealing, wanted: Replay, seconds: float) -> Row:
    """Replay, or count; to be called in a transaction.

    Raises:
        Conflict: many more would go than were expected.
    """
    now = datetime.now(UTC)
    lanes = {
        lane.row["lane_id"]: lane._replace(
            oldest=max(lane.oldest, now - lane.adapter.AGE_LIMIT + MARGIN)
        )
        for lane in _lanes(db, wanted)
    }
    choice, deadline = _Choice(), time.monotonic() + seconds
    if wanted.cursor is None and lanes:
        for stale in db.fetch_all(SQL["count_too_old"], _parameters(wanted, lanes, most=MOST)):
            choice.of(stale["lane_id"]).stay["too_old"] += stale["deliveries"]
    for row in _found(db, wanted, lanes, deadline, choice):
        _judge(row, lanes[row["lane_id"]], sealing, now, choice)
    replay_id = None if wanted.dry_run else str(uuid.uuid4())
    if replay_id is not None:
        _change(db, wanted, choice, lanes, ("make_due", "make"), replay_id)
    return _told(wanted, replay_id, choice, lanes)


def give_up(db: Database, wanted: GiveUp, seconds: float) -> Row:
    """Give up, or count; to be called in a transaction.

    Raises:
        Conflict: many more would go than were expected.
    """
    lanes = {lane.row["lane_id"]: lane for lane in _lanes(db, wanted)}
    choice = _Choice()
    for row in _found(db, wanted, lanes, time.monotonic() + seconds, choice):
        choice.choose(row)
    if not wanted.dry_run:
        _change(db, wanted, choice, lanes, ("give_up",), None)
    told = _told(wanted, None, choice, lanes)
    return {name: told[name] for name in ("dry_run", "go_count", "lanes", "next_cursor")}


def counts_of(told: Row) -> Row:
    """What the audit log keeps of an answer."""
    names = ("replay_id", "go_count", "stay_count", "next_cursor")
    return {name: told[name] for name in names if told.get(name) is not None}


def _lanes(db: Database, wanted: Replay | GiveUp) -> Iterator[_Lane]:
    since = wanted.event_time_from or datetime.now(UTC) - timedelta(days=DAYS_BACK)
    named = {
        "storefronts": _named(wanted.storefronts),
        "destinations": _named(wanted.destinations),
    }
    for row in db.fetch_all(SQL["lanes"], named):
        name = row["destination"]
        destination = Destination(id=str(row["lane_id"]), adapter=name, settings=settings_of(row))
        yield _Lane(row, adapter_of(name), destination, since)


def _named(names: Sequence[int | str] | None) -> list[str] | None:
    """Numbers and texts apart: the code `5` is not the number 5."""
    if names is None:
        return None
    return [f"{'id' if isinstance(name, int) else 'code'}:{name}" for name in names]


def _parameters(wanted: Replay | GiveUp, lanes: Mapping[int, _Lane], **more: Any) -> dict[str, Any]:
    event, _, lane = (wanted.cursor or FIRST).partition("-")
    return {
        "lanes": array_literal(lanes),
        "storefront_ids": array_literal(each.row["storefront_id"] for each in lanes.values()),
        "oldest": array_literal(each.oldest.isoformat() for each in lanes.values()),
        "since": wanted.event_time_from or datetime.now(UTC) - timedelta(days=DAYS_BACK),
        "until": wanted.event_time_to,
        "statuses": list(wanted.statuses or _STATUSES[type(wanted)]),
        "reasons": wanted.reasons,
        "event_types": wanted.event_types,
        "event_ids": _named(wanted.event_ids),
        "backfill": isinstance(wanted, Replay) and wanted.backfill,
        "after_event": int(event),
        "after_lane": int(lane),
        **more,
    }


def _found(
    db: Database,
    wanted: Replay | GiveUp,
    lanes: Mapping[int, _Lane],
    deadline: float,
    choice: _Choice,
) -> Iterator[Row]:
    """The rows of the filter, page by page; says in `choice` where the next call is to go on."""
    seen, asked = 0, _parameters(wanted, lanes, most=PAGE)
    choice.next_cursor = (wanted.cursor or FIRST) if lanes else None
    while lanes and seen < MOST and time.monotonic() < deadline:
        rows = db.fetch_all(SQL["find"], asked)
        yield from rows
        seen += len(rows)
        if len(rows) < PAGE:
            choice.next_cursor = None
            return
        asked |= {"after_event": rows[-1]["event"], "after_lane": rows[-1]["lane_id"]}
        choice.next_cursor = f"{rows[-1]['event']}-{rows[-1]['lane_id']}"


def _judge(row: Row, lane: _Lane, sealing: Sealing, now: datetime, choice: _Choice) -> None:
    tally = choice.of(row["lane_id"])
    if reason := _why_not(row, lane, sealing):
        tally.stay[reason] += 1
        return
    tally.unprotected += _may_count_twice(row, lane.adapter, now)
    choice.choose(row)


def _why_not(row: Row, lane: _Lane, sealing: Sealing) -> str | None:
    if row["erased"]:
        return "erased"
    if not lane.row["is_active"]:
        return "destination_inactive"
    try:
        event = event_of(row, sealing)
    except (KeyMissing, Unreadable, Misplaced):
        return "key_missing"
    return lane.adapter.skip_reason(event, lane.destination)


def _may_count_twice(row: Row, adapter: Adapter, now: datetime) -> bool:
    if row["status"] != "delivered" and not row["maybe_delivered"]:
        return False
    window, sent_at = adapter.DEDUP_WINDOW, row["last_sent_at"]
    return window is None or sent_at is None or sent_at + window < now


def _change(
    db: Database,
    wanted: Replay | GiveUp,
    choice: _Choice,
    lanes: Mapping[int, _Lane],
    statements: Sequence[str],
    replay_id: str | None,
) -> None:
    """Change what was chosen, in lanes and of events that are still there."""
    check_expected(wanted.expected_count, len(choice.rows))
    held = {"storefront_ids": array_literal(each.row["storefront_id"] for each in lanes.values())}
    db.fetch_all(SQL["hold_lanes"], held)
    there = {
        row["lane_id"] for row in db.fetch_all(SQL["still_there"], {"lanes": array_literal(lanes)})
    }
    rows = [row for row in choice.rows if row.lane_id in there]
    if replay_id is not None:
        named = {"events": array_literal(row.event for row in rows)}
        kept = {row["id"] for row in db.fetch_all(SQL["hold_events"], named)}
        rows = [row for row in rows if row.event in kept]
    chosen = {
        "events": array_literal(row.event for row in rows),
        "lanes": array_literal(row.lane_id for row in rows),
        "statuses": array_literal(row.status for row in rows),
        "replay_id": replay_id,
    }
    for name in statements:
        db.execute(SQL[name], chosen)


def _told(
    wanted: Replay | GiveUp, replay_id: str | None, choice: _Choice, lanes: Mapping[int, _Lane]
) -> Row:
    counted = [
        {
            **{name: lanes[lane_id].row[name] for name in ("lane_id", "storefront", "destination")},
            "go": dict(tally.go),
            "stay": dict(tally.stay),
            "unprotected_count": tally.unprotected,
        }
        for lane_id, tally in sorted(choice.tallies.items())
    ]
    unprotected = sum(tally.unprotected for tally in choice.tallies.values())
    return {
        "dry_run": wanted.dry_run,
        "replay_id": replay_id,
        "go_count": sum(tally.go.total() for tally in choice.tallies.values()),
        "stay_count": sum(tally.stay.total() for tally in choice.tallies.values()),
        "unprotected_count": unprotected,
        "lanes": counted,
        "warnings": [UNPROTECTED.format(count=unprotected)] if unprotected else [],
        "next_cursor": choice.next_cursor,
    }
