"""What events change: each once, and of two that contradict each other the later one stands."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.appevents.events.catalogue import TYPES
from local.appevents.chaos.evidence import Act, Event, Evidence, Thing
from local.appevents.chaos.kind import Kind
from local.chaos.finding import Finding

MAKING = frozenset(
    {
        *("machine.note.saved", "program.created", "workout.created", "workout.session.logged"),
        *(
            "dm.conversation.started",
            "dm.message.sent",
            "comment.created",
            "media.upload_requested",
        ),
    }
)
"""Types whose events make a row with the event's id."""
LIKES = {"interaction.liked": True, "interaction.unliked": False}
SETTINGS = frozenset({"user.settings.submitted", "app.settings.submitted"})


def things_are_made_once(evidence: Evidence) -> Iterator[Finding]:
    """What was processed has made its row, and each row was made by what was processed."""
    made = {Thing(each.event_type, each.user, each.id) for each in _processed(evidence)}
    things = set(evidence.things)
    if len(things) < len(evidence.things):
        yield Finding(Kind.DOUBLED, "rows", "two rows have one id")
    for thing in sorted({each for each in made if each.kind in MAKING} - things):
        words = f"{thing.kind} {thing.id} is processed and has made nothing"
        yield Finding(Kind.LOST, thing.user, words)
    for thing in sorted(things - made):
        if thing.id not in evidence.asked_videos:
            words = f"a row of {thing.kind} {thing.id} was made by nothing that is processed"
            yield Finding(Kind.CONTRADICTION, thing.user, words)


def counts_are_the_rows(evidence: Evidence) -> Iterator[Finding]:
    """Each count is the number of rows that it counts."""
    for count in evidence.counts:
        if count.says != count.rows:
            words = f"{count.what}: {count.says} are said, {count.rows} are there"
            yield Finding(Kind.DOUBLED, "counts", words)


def later_likes_stand(evidence: Evidence) -> Iterator[Finding]:
    """Of a user's likes and unlikes of one thing the later one stands."""
    last: dict[tuple[str, str], tuple[int, bool]] = {}
    for event, act in _known(evidence):
        if event.event_type in LIKES:
            place = event.user, str(act.data["target_id"])
            last[place] = max(
                last.get(place, (0, False)), (event.sequence, LIKES[event.event_type])
            )
    wanted = {place for place, (_, liked) in last.items() if liked}
    found = {(like.user, like.target) for like in evidence.likes}
    for user, target in sorted(wanted ^ found):
        words = f"the last that was said of {target} does not stand"
        yield Finding(Kind.LOST, user, words)


def later_settings_stand(evidence: Evidence) -> Iterator[Finding]:
    """Each field of a user's settings is that of the latest event that names it."""
    last: dict[tuple[str, str, str], Event] = {}
    for event, act in _known(evidence):
        if event.event_type not in SETTINGS:
            continue
        for name in act.data:
            place = event.event_type, event.user, name
            other = last.get(place)
            if other is None or _when(other) < _when(event):
                last[place] = event
    found = {(each.kind, each.user, each.name): each.sequence for each in evidence.settings}
    for place in sorted(last.keys() | found.keys()):
        wanted = last[place].sequence if place in last else None
        if found.get(place) != wanted:
            words = f"{place[0]} {place[2]}: {found.get(place)} stands, not {wanted}"
            yield Finding(Kind.LOST, place[1], words)


def conversations_have_no_gaps(evidence: Evidence) -> Iterator[Finding]:
    """Messages of a conversation are numbered from 1, and are of who takes part."""
    for each in evidence.conversations:
        if list(each.sequences) != list(range(1, each.last_sequence + 1)):
            words = f"the last message is {each.last_sequence}, of {list(each.sequences)}"
            yield Finding(Kind.DISORDERED, each.id, words)
        if each.strangers:
            words = f"{each.strangers} messages are of who takes no part"
            yield Finding(Kind.SHOWN, each.id, words)


def _processed(evidence: Evidence) -> Iterator[Event | _ByHand]:
    """Events that are processed, and what was published by hand and applied."""
    for event in evidence.events:
        if event.outcome_status == "processed":
            yield event
    applied = {
        (key.service, key.user, key.id) for key in evidence.keys if key.outcome != "rejected"
    }
    for message in evidence.published:
        own = (TYPES[message.event_type].read_by[0], message.user, message.message_id)
        if not message.poison and own in applied:
            yield _ByHand(message.event_type, message.user, message.message_id)


class _ByHand(Thing):
    """A message that was published by hand, as an event."""

    @property
    def event_type(self) -> str:
        return self.kind


def _when(event: Event) -> tuple[object, int]:
    return event.effective_at, event.sequence


def _known(evidence: Evidence) -> Iterator[tuple[Event, Act]]:
    """What is processed, with what was told. What nobody told is another rule's."""
    acts = {told.act.key: told.act for told in evidence.told if not told.other}
    for event in evidence.events:
        act = acts.get(event.key)
        if act and act.event_type == event.event_type and event.outcome_status == "processed":
            yield event, act
