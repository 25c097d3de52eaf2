"""How events end: visibly, once, as every source says, and for a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from chalicelib.appevents.events.catalogue import REJECTED, TYPES
from local.appevents.chaos.evidence import Evidence, Outcome
from local.appevents.chaos.kind import Kind
from local.chaos.finding import Finding


def everything_ends(evidence: Evidence) -> Iterator[Finding]:
    """Each event is published and processed, or rejected with a code and a reason."""
    for event in evidence.events:
        if event.outcome_status is None or event.publish_status != "published":
            words = f"{event.event_type} {event.id} is {event.publish_status}, without an outcome"
            yield Finding(Kind.UNSETTLED, event.user, words)
        elif event.outcome_status == "rejected" and not (
            event.outcome_code and event.outcome_reason
        ):
            words = f"{event.event_type} {event.id} is rejected, nobody knows why"
            yield Finding(Kind.LOST, event.user, words)


def ends_are_plausible(evidence: Evidence) -> Iterator[Finding]:
    """What can succeed is processed. What cannot is rejected, for its own reason."""
    ends = {event.key: event for event in evidence.events}
    for act in {told.act.key: told.act for told in evidence.told if not told.other}.values():
        event = ends.get(act.key)
        if event is None or event.outcome_status is None:
            continue
        code = event.outcome_code
        if event.outcome_status == "rejected" and code not in act.may:
            words = f"{act.event_type} {act.id} was rejected: {code}, {event.outcome_reason}"
            yield Finding(Kind.LOST, act.user, words)
        if event.outcome_status == "processed" and act.must:
            words = f"{act.event_type} {act.id} was processed, not rejected: {sorted(act.may)}"
            yield Finding(Kind.SHOWN, act.user, words)


def keys_say_the_same(evidence: Evidence) -> Iterator[Finding]:
    """The service that acts on an event has its key, with the outcome that the user reads."""
    keys = {(key.service, key.user, key.id): key.outcome for key in evidence.keys}
    for event in evidence.events:
        service = TYPES[event.event_type].read_by[0]
        outcome = keys.get((service, *event.key))
        if event.outcome_status is not None and outcome != event.outcome_status:
            words = f"{event.event_type} {event.id} is {event.outcome_status}, its key is {outcome}"
            yield Finding(Kind.CONTRADICTION, event.user, words)


def each_has_one_outcome(evidence: Evidence) -> Iterator[Finding]:
    """A service writes one answer to an event of its own, and it is the one that the user reads.

    What an operator has sent back may be rejected again.
    """
    answers = [each for each in evidence.outcomes if each.causation_id and _is_answer(each)]
    again = {(letter.user, letter.id) for letter in evidence.letters if letter.redriven}
    made = Counter(
        (each.service, each.user, each.causation_id)
        for each in answers
        if each.event_type != REJECTED or (each.user, each.causation_id) not in again
    )
    said = {(each.user, each.causation_id, each.event_type) for each in answers}
    keys = {(key.service, key.user, key.id): key for key in evidence.keys}
    for (service, user, event), times in made.items():
        if times > 1:
            yield Finding(Kind.DOUBLED, user, f"{service} answered {event} {times} times")
        if (service, user, event) not in keys:
            words = f"{service} answered {event}, which it did not act on"
            yield Finding(Kind.CONTRADICTION, user, words)
    for each in evidence.events:
        if each.outcome_status and (*each.key, each.outcome_event_type) not in said:
            words = f"{each.id} reads {each.outcome_event_type}, which nobody answered"
            yield Finding(Kind.CONTRADICTION, each.user, words)


def dead_letters_are_the_rejected(evidence: Evidence) -> Iterator[Finding]:
    """A dead letter is of something poisonous, and everything poisonous is one."""
    rejected = {
        (key.service, key.user, key.id) for key in evidence.keys if key.outcome == "rejected"
    }
    poison = {each.message_id for each in evidence.published if each.poison}
    sure = {each.message_id for each in evidence.published if each.poison and each.confirmed}
    there = {letter.message_id for letter in evidence.letters}
    whose = {(letter.user, letter.id) for letter in evidence.letters}
    for letter in evidence.letters:
        own = (_database_of(letter.service), letter.user, letter.id)
        if letter.message_id not in poison and own not in rejected and not letter.redriven:
            words = f"{letter.event_type} {letter.id} is a dead letter: {letter.code}"
            yield Finding(Kind.LOST, str(letter.user), words)
    for message in sorted(sure - there):
        yield Finding(Kind.LOST, "nobody", f"the poisonous message {message} is no dead letter")
    for service, user, event in sorted(rejected):
        if (user, event) not in whose:
            yield Finding(Kind.LOST, user, f"{service} rejected {event} without a dead letter")


def nothing_is_under_way(evidence: Evidence) -> Iterator[Finding]:
    """At rest no queue has a message, and no outbox a row that waits."""
    for queue, count in evidence.left.items():
        if count:
            yield Finding(Kind.UNSETTLED, queue, f"{count} messages are left")
    for each in evidence.outcomes:
        if each.publish_status != "published":
            words = f"{each.event_type} {each.id} of {each.service} is {each.publish_status}"
            yield Finding(Kind.UNSETTLED, each.user, words)


def reconciliation_agrees(evidence: Evidence) -> Iterator[Finding]:
    """The system's own ledger is balanced, and counts what the rows say."""
    own = evidence.reconciliation
    if own is None:
        return
    if not own["balanced"]:
        yield Finding(Kind.CONTRADICTION, "reconcile", f"not balanced: {own['services']}")
    counted = Counter(
        (TYPES[event.event_type].read_by[0], event.outcome_status) for event in evidence.events
    )
    for account in own["services"]:
        for status in ("processed", "rejected"):
            rows = counted[account["service"], status]
            if account[status] != rows:
                words = f"{rows} of {account['service']} are {status}, it says {account[status]}"
                yield Finding(Kind.CONTRADICTION, "reconcile", words)


def _is_answer(each: Outcome) -> bool:
    kind = TYPES[each.event_type]
    goes_to_client = "notification" in kind.read_by and not kind.is_news
    return not kind.is_accepted and goes_to_client


def _database_of(queue: str) -> str:
    return "video" if queue == "processing" else queue
