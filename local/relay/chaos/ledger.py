"""The ledger: what was answered, the rows, and what the platforms hold must agree.

It is a pure function of the evidence. Each rule is one function that names every contradiction. None
trusts a status where another source can be asked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum

from local.chaos.faults.fault import Disturbance
from local.chaos.finding import Finding
from local.relay.chaos.evidence import Delivery, Evidence, Held
from local.relay.chaos.shops import Destination

REACH_SECONDS = 6.0
"""A fault still has effects this long after its end: a lease that it left behind must end."""


class Kind(Enum):
    """The broken promise of a finding. The value is its name in the report."""

    LOST = "lost"
    DOUBLED = "doubled"
    CROSSED = "crossed"
    CONTRADICTION = "contradictions"
    UNSETTLED = "unsettled"


Rule = Callable[[Evidence], Iterable[Finding]]


def check(evidence: Evidence, rules: Sequence[Rule] | None = None) -> list[Finding]:
    """Every broken promise. A good run has none."""
    return [finding for rule in rules or RULES for finding in rule(evidence)]


def answers_are_committed(evidence: Evidence) -> Iterator[Finding]:
    """What was answered or inserted is there; what was not answered is there as a whole, or not."""
    accepted = {(each.shop, each.identity, each.event_type): each.id for each in evidence.accepted}
    batches: dict[str, set[bool]] = defaultdict(set)
    for told in evidence.told:
        stored = accepted.get(told.identity)
        batches[told.batch].add(stored is not None)
        if told.status is not None and stored is None:
            yield Finding(
                Kind.LOST, told.shop, f"{told.identity} was {told.status} and is not there"
            )
        elif told.event is not None and told.event != stored:
            words = f"{told.identity} was answered as {told.event} and is {stored}"
            yield Finding(Kind.CONTRADICTION, told.shop, words)
    for batch, there in batches.items():
        if len(there) > 1:
            yield Finding(Kind.CONTRADICTION, batch, "a batch is there in part")


def events_were_sent_by_somebody(evidence: Evidence) -> Iterator[Finding]:
    """Each event is one that was sent, and stands once."""
    known = {told.identity for told in evidence.told}
    stands = Counter((each.shop, each.identity, each.event_type) for each in evidence.accepted)
    for identity, times in stands.items():
        if identity not in known:
            yield Finding(Kind.CONTRADICTION, identity[0], f"nobody sent {identity}")
        if times > 1:
            yield Finding(Kind.DOUBLED, identity[0], f"{identity} stands {times} times")


def states_add_up(evidence: Evidence) -> Iterator[Finding]:
    """Accepted events times destinations are the deliveries: each has one of each destination."""
    lanes: dict[str, set[int]] = defaultdict(set)
    for each in evidence.destinations:
        lanes[each.shop].add(each.lane_id)
    made: dict[int, set[int]] = defaultdict(set)
    for delivery in evidence.deliveries:
        made[delivery.event].add(delivery.lane_id)
    for event in evidence.accepted:
        if missing := lanes[event.shop] - made[event.id]:
            words = f"event {event.id} has no delivery for the lanes {sorted(missing)}"
            yield Finding(Kind.LOST, event.shop, words)
        if foreign := made[event.id] - lanes[event.shop]:
            words = f"event {event.id} has deliveries for others' lanes {sorted(foreign)}"
            yield Finding(Kind.CROSSED, event.shop, words)


def everything_ends_with_reason(evidence: Evidence) -> Iterator[Finding]:
    """At rest nothing is pending, and what was not delivered says why."""
    if evidence.unread_rows:
        words = f"{evidence.unread_rows} rows were not taken in"
        yield Finding(Kind.UNSETTLED, "intake", words)
    for each in evidence.deliveries:
        if each.status == "pending":
            words = f"event {each.event} is pending in lane {each.lane_id}: {each.reason}"
            yield Finding(Kind.UNSETTLED, each.shop, words)
        elif each.status != "delivered" and not each.reason:
            words = f"event {each.event} ended as {each.status} in lane {each.lane_id}, nobody knows why"
            yield Finding(Kind.LOST, each.shop, words)
    for event in evidence.events:
        if event.status not in {"accepted", "pending"} and not event.reason:
            yield Finding(
                Kind.LOST, event.shop, f"row {event.id} is {event.status} without a reason"
            )


def delivered_have_arrived(evidence: Evidence) -> Iterator[Finding]:
    """What is delivered is at its platform. What is there is delivered, or may be for all we know."""
    for destination, held, delivery in _pairs(evidence):
        has_it = held.ids[delivery.id_at(destination.platform)] > 0
        if delivery.status == "delivered" and not has_it:
            words = (
                f"event {delivery.event} is delivered, and {destination.platform} does not have it"
            )
            yield Finding(Kind.LOST, delivery.shop, words)
        known = delivery.maybe_delivered or _causes(evidence.interruptions, delivery)
        if has_it and delivery.status != "delivered" and not known:
            words = f"{destination.platform} has event {delivery.event}, which is {delivery.status}"
            yield Finding(Kind.CONTRADICTION, delivery.shop, words)


def accounts_hold_their_own(evidence: Evidence) -> Iterator[Finding]:
    """No account has an event of another one, or of nobody."""
    own: dict[tuple[str, str], set[str]] = defaultdict(set)
    for destination, held, delivery in _pairs(evidence):
        own[held.platform, held.account].add(delivery.id_at(destination.platform))
    for held in evidence.held:
        if strangers := held.ids.keys() - own[held.platform, held.account]:
            words = (
                f"{held.platform} has {len(strangers)} events of others, one is {min(strangers)}"
            )
            yield Finding(Kind.CROSSED, held.account, words)


def nothing_counts_twice(evidence: Evidence) -> Iterator[Finding]:
    """No platform counts an event twice within its window. GA4 cannot tell copies but of purchases."""
    for held in evidence.held:
        if held.counted_again and held.platform != "ga4":
            words = f"{held.platform} counted {held.counted_again} events again"
            yield Finding(Kind.DOUBLED, held.account, words)


def copies_have_causes(evidence: Evidence) -> Iterator[Finding]:
    """Each copy has its own cause: an interruption at its time, or an answer that nobody could read."""
    for destination, held, delivery in _pairs(evidence):
        copies = held.ids[delivery.id_at(destination.platform)] - 1
        if copies < 1:
            continue
        causes = _causes(evidence.interruptions, delivery) + delivery.attempts.get("unknown", 0)
        if copies > causes:
            words = f"event {delivery.event}: {copies} copies at {destination.platform}, {causes} causes"
            yield Finding(Kind.DOUBLED, delivery.shop, words)


def attempts_agree(evidence: Evidence) -> Iterator[Finding]:
    """What is delivered has the attempt that did it, unless it had more than are noted."""
    for each in evidence.deliveries:
        noted = each.attempts.get("delivered", 0)
        if each.status == "delivered" and not noted and sum(each.attempts.values()) < MOST_NOTED:
            words = f"event {each.event} is delivered in lane {each.lane_id} by no attempt"
            yield Finding(Kind.CONTRADICTION, each.shop, words)
        if each.status != "delivered" and noted:
            words = f"event {each.event} is {each.status} in lane {each.lane_id} after a delivery"
            yield Finding(Kind.CONTRADICTION, each.shop, words)


def reconciliation_agrees(evidence: Evidence) -> Iterator[Finding]:
    """The relay's own ledger is balanced, and counts what the rows say."""
    own = evidence.reconciliation
    if own is None:
        return
    if not own["balanced"]:
        words = f"the relay's ledger is not balanced: {own['discrepancies']}"
        yield Finding(Kind.CONTRADICTION, "reconcile", words)
    counted = Counter(each.status for each in evidence.deliveries)
    for status in ("pending", "delivered", "failed", "expired", "skipped"):
        if own["total"][status] != counted[status]:
            words = (
                f"{counted[status]} deliveries are {status}, the ledger has {own['total'][status]}"
            )
            yield Finding(Kind.CONTRADICTION, "reconcile", words)


MOST_NOTED = 20
RULES: Sequence[Rule] = (
    answers_are_committed,
    events_were_sent_by_somebody,
    states_add_up,
    everything_ends_with_reason,
    delivered_have_arrived,
    accounts_hold_their_own,
    nothing_counts_twice,
    copies_have_causes,
    attempts_agree,
    reconciliation_agrees,
)
BUT_COPIES = [rule for rule in RULES if rule is not copies_have_causes]
"""For a kill point, which has a tighter bound of its own."""


def copies(evidence: Evidence) -> Counter[tuple[str, str]]:
    """The copies of each event at each account beyond the first, by account and id."""
    return Counter(
        {
            (held.account, each): times - 1
            for held in evidence.held
            for each, times in held.ids.items()
            if times > 1
        }
    )


def _pairs(evidence: Evidence) -> Iterator[tuple[Destination, Held, Delivery]]:
    """Each delivery with its destination and what that platform holds of it."""
    destinations = {each.lane_id: each for each in evidence.destinations}
    held: Mapping[tuple[str, str], Held] = {(h.platform, h.account): h for h in evidence.held}
    for delivery in evidence.deliveries:
        destination = destinations.get(delivery.lane_id)
        if destination is not None:
            yield destination, held[destination.platform, destination.account], delivery


def _causes(interruptions: Sequence[Disturbance], delivery: Delivery) -> int:
    """How many of them happened between the event's acceptance and the end of its delivery."""
    end = (delivery.ended_at or datetime.now(UTC)).timestamp() + REACH_SECONDS
    begin = delivery.accepted_at.timestamp() - REACH_SECONDS
    return sum(each.began <= end and each.ended >= begin for each in interruptions)
