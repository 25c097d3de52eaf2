"""Compares answers with rows: every 2xx is a promise, and an outage is reported as one.

After a restore, an answer may have lost its row if it came after the backup and the row is among those
that the restore has lost. No other answer may.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from local.banking.chaos.answers import REVOKED_KEY, Answer
from local.banking.chaos.evidence import Event, Evidence
from local.banking.chaos.kind import Kind
from local.chaos.finding import Finding

ORDERLY = {None, 404, 409, 503}
"""Answers that the load may get: none, not found, conflict with the state, try again."""
Promise = tuple[str, str, str, datetime | None]


def answers_are_committed(evidence: Evidence) -> Iterator[Finding]:
    """Every 2xx of a change has its event, equal to the answer to the microsecond."""
    written = _written(evidence.events)
    for answer in evidence.answers:
        promised = _promised(answer) if answer.succeeded else None
        if promised and promised not in written and not lost_to_restore(evidence, answer):
            words = f"{answer.operation} answered {answer.status}, no such event: {answer.data}"
            yield Finding(Kind.LOST, answer.tenant, words)


def lost_to_restore(evidence: Evidence, answer: Answer) -> bool:
    """Whether the answer came between backup and restore, and the restore has lost its row."""
    restore = evidence.restore
    if restore is None or not answer.succeeded or not restore.covers(answer.at):
        return False
    if answer.operation == "tag":
        customer_id, keys = str(answer.customer_id), answer.sent["tag_keys"]
        deletion = answer.tenant, customer_id, "customer_deletion", None
        return deletion in _written(restore.lost) or any(
            (customer_id, key) in restore.lost_tags for key in keys
        )
    return _promised(answer) in _written(restore.lost)


def _written(events: Iterable[Event]) -> set[Promise]:
    """What the events can keep; a deletion's answer does not say when."""
    return {
        (e.tenant, e.customer_id, e.event_type, at)
        for e in events
        for at in (None if e.event_type == "customer_deletion" else e.created_at,)
    }


def _promised(answer: Answer) -> Promise | None:
    """The event that the answer to a change names."""
    if answer.operation == "delete":
        return answer.tenant, str(answer.customer_id), "customer_deletion", None
    kinds = {
        "create": ("customer_creation", "created_at"),
        "change_status": ("customer_status_change", "updated_at"),
    }
    if answer.operation not in kinds:
        return None
    kind, moment = kinds[answer.operation]
    at = datetime.fromisoformat(answer.data[moment])
    return answer.tenant, answer.data["customer_id"], kind, at


def answers_are_orderly(evidence: Evidence) -> Iterator[Finding]:
    """An outage is answered with 503, never with a crash, a refused key or an invented answer."""
    for answer in evidence.answers:
        orderly = answer.succeeded or answer.status in ORDERLY
        if not orderly and answer.operation != REVOKED_KEY:
            words = f"{answer.operation} was answered {answer.status}: {answer.words}"
            yield Finding(Kind.CONTRADICTION, answer.tenant, words)


def tags_are_committed(evidence: Evidence) -> Iterator[Finding]:
    """Every tag that was created with 2xx exists, if its customer does."""
    tags = {customer.customer_id: customer.tags for customer in evidence.customers}
    for answer in evidence.answers:
        if answer.operation == "tag" and answer.succeeded:
            missing = set(answer.sent["tag_keys"]) - tags.get(
                str(answer.customer_id), frozenset(answer.sent["tag_keys"])
            )
            if missing and not lost_to_restore(evidence, answer):
                words = f"tag of customer {answer.customer_id} answered {answer.status}, not there"
                yield Finding(Kind.LOST, answer.tenant, words)


def calls_happen_once(evidence: Evidence) -> Iterator[Finding]:
    """A creation happens at most once, however often it was sent with its key.

    A customer has the name of the call that created it, so this covers calls without an answer, too.
    """
    asked = {a.call: a for a in evidence.answers if a.operation == "create"}
    created = Counter(e.name for e in evidence.events if e.event_type == "customer_creation")
    for name, times in created.items():
        if times > 1:
            yield Finding(Kind.CONTRADICTION, "", f"{name!r} was created {times} times")
        if name not in asked:
            yield Finding(Kind.CONTRADICTION, "", f"{name!r} was created, nobody asked for it")
    told = defaultdict[str, set[str]](set)
    for answer in evidence.answers:
        if answer.operation == "create" and answer.succeeded:
            told[answer.call].add(answer.data["customer_id"])
    for name, ids in told.items():
        if len(ids) > 1:
            yield Finding(Kind.CONTRADICTION, "", f"{name!r} was answered with ids {sorted(ids)}")
