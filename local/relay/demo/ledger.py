"""The demo's bookkeeping: what was answered, what the relay's database says, what the platforms hold.

`discrepancies` says in words where they do not add up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.relay.accounts import id_at
from local.relay.demo.book import Books, Delivery
from local.relay.demo.script import Record
from local.relay.demo.shops import Destination

STATES = ("delivered", "skipped", "failed", "expired", "pending")
Seen = Mapping[str, Mapping[str, Mapping[str, Any]]]
_SILENT = {"ga4", "sgtm", "webhook", "tiktok", "pinterest", "snapchat"}
"""Their rules refuse nothing here. Meta repeats a refusal while the event is searched."""


@dataclass(frozen=True)
class LaneBalance:
    """A lane in the end: its deliveries by status, and what its platform counted."""

    destination: Destination
    states: Counter[str]
    counted: int
    copies: int
    refused: int
    problems: tuple[str, ...]

    @property
    def events(self) -> int:
        return self.states.total()


def balances(destinations: Sequence[Destination], books: Books, seen: Seen) -> list[LaneBalance]:
    """Each lane compared with its account at the platform."""
    return [_balance(each, books.deliveries.get(each.lane_id, []), seen) for each in destinations]


def _balance(destination: Destination, deliveries: Sequence[Delivery], seen: Seen) -> LaneBalance:
    account = seen.get(destination.platform, {}).get(destination.account, {})
    arrived = Counter[str](account.get("ids", {}))
    delivered = Counter(
        _id_at(destination.platform, each) for each in deliveries if each.status == "delivered"
    )
    known = {_id_at(destination.platform, each) for each in deliveries}
    problems = []
    if missing := len(delivered - arrived):
        problems.append(f"{missing} are delivered, and the platform does not have them")
    if unknown := len(arrived.keys() - known):
        problems.append(f"the platform has {unknown} that were never sent")
    if early := len((arrived.keys() & known) - delivered.keys()):
        problems.append(f"the platform has {early} that are not delivered")
    if again := account.get("counted_again", 0):
        problems.append(f"the platform counted {again} twice")
    return LaneBalance(
        destination,
        Counter(each.status for each in deliveries),
        account.get("unique", 0),
        account.get("duplicate", 0),
        account.get("refused", 0),
        tuple(problems),
    )


def _id_at(platform: str, delivery: Delivery) -> str:
    return id_at(platform, delivery.dedup_id, delivery.order_id, delivery.event_type)


def discrepancies(record: Record, books: Books, lanes: Sequence[LaneBalance]) -> list[str]:
    """Every way in which the books do not add up, in words; empty when all is well."""
    return [
        *record.failures,
        *_different_rows(record, books),
        *_unequal_lanes(record, lanes),
        *_at_the_platforms(lanes),
    ]


def _different_rows(record: Record, books: Books) -> Iterable[str]:
    wanted = {
        ("api", "accepted"): record.accepted,
        ("oms", "accepted"): record.inserted,
        ("oms", "duplicate"): record.repeated,
    }
    for (source, status), number in wanted.items():
        if books.rows[source, status] != number:
            found = books.rows[source, status]
            yield f"{number} events of {source} should be {status}, {found} are"
    if others := sum(n for key, n in books.rows.items() if key not in wanted):
        yield f"{others} events are in other states"


def _unequal_lanes(record: Record, lanes: Sequence[LaneBalance]) -> Iterable[str]:
    """All lanes of a shop have all of its events, and nothing is left over."""
    shops: dict[str, set[int]] = {}
    for lane in lanes:
        shops.setdefault(lane.destination.shop, set()).add(lane.events)
        if pending := lane.states["pending"]:
            yield f"{_name(lane)}: {pending} are pending"
        if others := lane.events - sum(lane.states[state] for state in STATES):
            yield f"{_name(lane)}: {others} are in unknown states"
    for shop, numbers in shops.items():
        if len(numbers) > 1:
            yield f"{shop}: its lanes have different numbers of events, {sorted(numbers)}"
    events = sum(max(numbers) for numbers in shops.values())
    if events != record.accepted + record.inserted:
        yield f"{record.accepted + record.inserted} events were accepted, the lanes have {events}"
    failed = sum(lane.states["failed"] for lane in lanes)
    if failed != record.refusals:
        yield f"{record.refusals} events should have failed, {failed} have"


def _at_the_platforms(lanes: Sequence[LaneBalance]) -> Iterable[str]:
    for lane in lanes:
        yield from (f"{_name(lane)}: {problem}" for problem in lane.problems)
        if lane.counted != lane.states["delivered"]:
            delivered = lane.states["delivered"]
            yield f"{_name(lane)}: {delivered} delivered, {lane.counted} counted by the platform"
        if lane.destination.platform in _SILENT and lane.refused:
            yield f"{_name(lane)}: the platform refused {lane.refused} events"


def _name(lane: LaneBalance) -> str:
    return f"{lane.destination.platform} of {lane.destination.shop}"
