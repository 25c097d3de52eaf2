"""The ledger of app.events' fault runs names each planted violation, and nothing in a good run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.appevents.chaos.evidence import (
    Act,
    Conversation,
    Count,
    Event,
    Evidence,
    Feed,
    Handed,
    Key,
    Letter,
    Like,
    Outcome,
    Published,
    Setting,
    Thing,
    Told,
    Video,
)
from local.appevents.chaos.kind import Kind
from local.appevents.chaos.ledger import check, copies

BEGIN = datetime(2026, 11, 26, 12, tzinfo=UTC)
NOTE, LIKED, SETTINGS = "machine.note.saved", "interaction.liked", "user.settings.submitted"
ANSWERS = {
    NOTE: ("machine", "machine.note.persisted"),
    LIKED: ("video", "interaction.persisted"),
    SETTINGS: ("settings", "user.settings.persisted"),
}
ACTS = [
    Act("ada", "n1", NOTE, {"machine_id": "m", "body": "b"}),
    Act("ada", "n2", NOTE, {"machine_id": "m", "body": "b"}, frozenset({"id_taken"})),
    Act("ada", "l3", LIKED, {"target_type": "post", "target_id": "p"}),
    Act("ada", "s4", SETTINGS, {"age": 30}),
    Act("ada", "s5", SETTINGS, {"age": 31}),
]
REFUSED = "n2"


def _event(place: int, act: Act) -> Event:
    at = BEGIN + timedelta(seconds=place)
    said = (act.user, act.id, act.event_type, place, at, "published")
    if act.id == REFUSED:
        return Event(*said, "rejected", "event.rejected", "id_taken", "Another note has this id")
    return Event(*said, "processed", ANSWERS[act.event_type][1], None, None)


def _key(event: Event) -> Key:
    service = ANSWERS[event.event_type][0]
    return Key(service, event.user, event.id, event.event_type, str(event.outcome_status))


def _outcome(event: Event) -> Outcome:
    service, kind = ANSWERS[event.event_type][0], str(event.outcome_event_type)
    return Outcome(service, event.user, f"of {event.id}", kind, event.id, "published")


EVENTS = [_event(place, act) for place, act in enumerate(ACTS, start=1)]
POISON = Published("machine", "poison", "eve", NOTE, poison=True)
BY_HAND = Published("machine", "h1", "eve", NOTE)
GOOD = Evidence(
    users=frozenset({"ada", "eve"}),
    told=[Told(act, "accepted") for act in ACTS],
    published=[POISON, BY_HAND],
    events=EVENTS,
    last_sequences={"ada": len(EVENTS)},
    keys=[*map(_key, EVENTS), Key("machine", "eve", "h1", NOTE, "processed")],
    outcomes=[
        *map(_outcome, EVENTS),
        Outcome("machine", "eve", "of h1", "machine.note.persisted", "h1", "published"),
    ],
    letters=[
        Letter("machine", "ada", REFUSED, REFUSED, NOTE, "id_taken"),
        Letter("machine", None, None, "poison", None, "not_json"),
    ],
    things=[Thing(NOTE, "ada", "n1"), Thing(NOTE, "eve", "h1")],
    handed=[
        Handed(place, each.event_type, each.user, each.id, each.sequence)
        for place, each in enumerate(EVENTS)
    ],
    counts=[Count("likes of post p", 1, 1)],
    likes=[Like("ada", "p")],
    settings=[Setting(SETTINGS, "ada", "age", 5)],
    conversations=[Conversation("c", 2, [1, 2], 0)],
    feeds=[Feed("ada", ("passcode", 2), ("passcode", 2), 0)],
    videos=[
        Video("v1", "ada", "processed", None, 1, original=False, shown=2),
        Video("v2", "ada", "expired", None, 0, original=False, shown=0),
    ],
    answered_videos=["v1"],
    left={"app.machine": 0},
)


def changed(rows: Sequence[Any], at: int, **changes: Any) -> list[Any]:
    """The rows, one of them with changes."""
    return [*rows[:at], rows[at]._replace(**changes), *rows[at + 1 :]]


def event(place: int, **changes: Any) -> Evidence:
    return replace(GOOD, events=changed(GOOD.events, place, **changes))


def told(*further: Told) -> Evidence:
    return replace(GOOD, told=[*GOOD.told, *further])


def video(place: int, **changes: Any) -> Evidence:
    return replace(GOOD, videos=changed(GOOD.videos, place, **changes))


def reconciled(processed: int, *, balanced: bool = True) -> Evidence:
    """The system's own ledger says so of the machines."""
    account = {"service": "machine", "processed": processed, "rejected": 1}
    return replace(GOOD, reconciliation={"balanced": balanced, "services": [account]})


VIOLATIONS: dict[str, tuple[Kind, Callable[[], Evidence]]] = {
    "answered and not there": (
        Kind.LOST,
        lambda: told(Told(Act("ada", "n9", NOTE, {}), "accepted")),
    ),
    "there under another type": (Kind.CONTRADICTION, lambda: event(0, event_type=LIKED)),
    "other content accepted": (
        Kind.CONTRADICTION,
        lambda: told(Told(ACTS[0], "accepted", other=True)),
    ),
    "the same content refused": (Kind.CONTRADICTION, lambda: told(Told(ACTS[0], "conflict"))),
    "told by nobody": (Kind.CONTRADICTION, lambda: replace(GOOD, told=GOOD.told[1:])),
    "a gap in the sequences": (Kind.DISORDERED, lambda: event(4, sequence=6)),
    "a wrong last sequence": (
        Kind.CONTRADICTION,
        lambda: replace(GOOD, last_sequences={"ada": 9}),
    ),
    "published in disorder": (
        Kind.DISORDERED,
        lambda: replace(GOOD, handed=changed(GOOD.handed, 0, place=99)),
    ),
    "published with another sequence": (
        Kind.CONTRADICTION,
        lambda: replace(GOOD, handed=changed(GOOD.handed, 0, sequence=7)),
    ),
    "never handed out": (
        Kind.LOST,
        lambda: replace(GOOD, handed=GOOD.handed[1:], keys=GOOD.keys[1:]),
    ),
    "without an outcome": (Kind.UNSETTLED, lambda: event(0, outcome_status=None)),
    "not published": (Kind.UNSETTLED, lambda: event(0, publish_status="pending")),
    "rejected without a reason": (Kind.LOST, lambda: event(1, outcome_reason=None)),
    "rejected though it can succeed": (
        Kind.LOST,
        lambda: event(0, outcome_status="rejected", outcome_code="gave_up", outcome_reason="?"),
    ),
    "processed though nobody may": (
        Kind.SHOWN,
        lambda: replace(
            GOOD, told=changed(GOOD.told, 0, act=replace(ACTS[0], may=frozenset("x"), must=True))
        ),
    ),
    "another outcome than the key's": (
        Kind.CONTRADICTION,
        lambda: replace(GOOD, keys=changed(GOOD.keys, 0, outcome="rejected")),
    ),
    "answered twice": (
        Kind.DOUBLED,
        lambda: replace(GOOD, outcomes=[*GOOD.outcomes, GOOD.outcomes[0]]),
    ),
    "answered without a key": (Kind.CONTRADICTION, lambda: replace(GOOD, keys=GOOD.keys[1:])),
    "another outcome than was answered": (
        Kind.CONTRADICTION,
        lambda: event(0, outcome_event_type="equipment.prefs.persisted"),
    ),
    "a dead letter that is not poisonous": (
        Kind.LOST,
        lambda: replace(
            GOOD, letters=[*GOOD.letters, Letter("machine", "ada", "n1", "n1", NOTE, "unknown")]
        ),
    ),
    "poison that vanished": (Kind.LOST, lambda: replace(GOOD, letters=GOOD.letters[:1])),
    "rejected without a dead letter": (
        Kind.LOST,
        lambda: replace(GOOD, letters=GOOD.letters[1:]),
    ),
    "messages at rest": (Kind.UNSETTLED, lambda: replace(GOOD, left={"app.machine": 1})),
    "an outcome that waits": (
        Kind.UNSETTLED,
        lambda: replace(GOOD, outcomes=changed(GOOD.outcomes, 0, publish_status="pending")),
    ),
    "its own ledger unbalanced": (Kind.CONTRADICTION, lambda: reconciled(1, balanced=False)),
    "its own ledger other than the rows": (Kind.CONTRADICTION, lambda: reconciled(3)),
    "processed without an effect": (Kind.LOST, lambda: replace(GOOD, things=GOOD.things[1:])),
    "an effect of nothing": (
        Kind.CONTRADICTION,
        lambda: replace(GOOD, things=[*GOOD.things, Thing(NOTE, "ada", "n7")]),
    ),
    "an effect of what was rejected": (
        Kind.CONTRADICTION,
        lambda: replace(GOOD, things=[*GOOD.things, Thing(NOTE, "ada", REFUSED)]),
    ),
    "a count of other rows": (
        Kind.DOUBLED,
        lambda: replace(GOOD, counts=[Count("likes of post p", 2, 1)]),
    ),
    "a like that is gone": (Kind.LOST, lambda: replace(GOOD, likes=[])),
    "an older setting stands": (
        Kind.LOST,
        lambda: replace(GOOD, settings=[Setting(SETTINGS, "ada", "age", 4)]),
    ),
    "a gap in a conversation": (
        Kind.DISORDERED,
        lambda: replace(GOOD, conversations=[Conversation("c", 3, [1, 3], 0)]),
    ),
    "a stranger in a conversation": (
        Kind.SHOWN,
        lambda: replace(GOOD, conversations=[Conversation("c", 2, [1, 2], 1)]),
    ),
    "shown to who may not see it": (Kind.SHOWN, lambda: replace(GOOD, leaks=["a feed"])),
    "shown by an older decision": (
        Kind.SHOWN,
        lambda: replace(GOOD, feeds=changed(GOOD.feeds, 0, known=("passcode", 1))),
    ),
    "posts shown otherwise": (
        Kind.SHOWN,
        lambda: replace(GOOD, feeds=changed(GOOD.feeds, 0, posts_otherwise=1)),
    ),
    "a readable passcode": (Kind.SHOWN, lambda: replace(GOOD, secrets=["a row"])),
    "a complete upload that expired": (
        Kind.LOST,
        lambda: replace(GOOD, answered_videos=["v1", "v2"]),
    ),
    "a video under way": (Kind.UNSETTLED, lambda: video(1, status="processing")),
    "a good video that failed": (Kind.LOST, lambda: video(1, status="failed", failure="damaged")),
    "two posts of a video": (Kind.DOUBLED, lambda: video(0, posts=2)),
    "a video without a post": (Kind.LOST, lambda: video(0, posts=0)),
    "a post without its files": (Kind.LOST, lambda: video(0, shown=1)),
    "an original that stays": (Kind.UNSETTLED, lambda: video(1, original=True)),
}


def test_good_run_has_no_finding() -> None:
    assert check(GOOD) == []
    assert check(reconciled(1)) == []


@pytest.mark.parametrize("name", VIOLATIONS)
def test_planted_violation_is_found(name: str) -> None:
    kind, evidence = VIOLATIONS[name]

    assert kind in {finding.kind for finding in check(evidence())}


def test_unanswered_event_may_be_missing() -> None:
    assert check(told(Told(Act("ada", "n9", NOTE, {}), None))) == []


def test_copy_by_hand_disturbs_no_order() -> None:
    first = Handed(-1, NOTE, "ada", "n2", None)

    assert check(replace(GOOD, handed=[first, *GOOD.handed])) == []


def test_unconfirmed_poison_may_be_missing() -> None:
    published = [POISON._replace(confirmed=False), BY_HAND]

    assert check(replace(GOOD, published=published, letters=GOOD.letters[:1])) == []


def test_letter_sent_back_may_succeed() -> None:
    again = Letter("machine", "ada", "n1", "n1", NOTE, "id_taken", redriven=True)
    rejection = Outcome("machine", "ada", "first of n1", "event.rejected", "n1", "published")
    outcomes = [rejection, *GOOD.outcomes]

    assert check(replace(GOOD, letters=[*GOOD.letters, again], outcomes=outcomes)) == []


def test_copies_are_counted_by_event() -> None:
    again = replace(GOOD, handed=[*GOOD.handed, GOOD.handed[0]])

    assert copies(again) == Counter({("ada", "n1"): 1})
