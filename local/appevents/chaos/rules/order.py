"""The order of a user's events: as they were accepted, and as queues handed them out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from local.appevents.chaos.evidence import Event, Evidence
from local.appevents.chaos.kind import Kind
from local.chaos.finding import Finding


def sequences_have_no_gaps(evidence: Evidence) -> Iterator[Finding]:
    """A user's events are numbered from 1, and the next number follows the last one."""
    for user, events in _by_user(evidence).items():
        found = sorted(event.sequence for event in events)
        if found != list(range(1, len(found) + 1)):
            yield Finding(Kind.DISORDERED, user, f"the sequences are {found}")
        if (last := evidence.last_sequences.get(user, 0)) != len(found):
            words = f"the last sequence is said to be {last}, of {len(found)} events"
            yield Finding(Kind.CONTRADICTION, user, words)


def first_sights_are_in_order(evidence: Evidence) -> Iterator[Finding]:
    """Of what a user told each is first handed out after everything before it.

    A message comes again when nobody knows whether the broker has it; that is no first sight.
    """
    first: dict[tuple[str, str], int] = {}
    for handed in evidence.handed:
        if handed.sequence is not None:  # a copy that was published by hand has none
            first.setdefault((handed.user, handed.id), handed.place)
    for user, events in _by_user(evidence).items():
        seen = [
            (event.sequence, first[event.key])
            for event in sorted(events, key=lambda event: event.sequence)
            if event.key in first
        ]
        for (earlier, its_place), (later, place) in pairwise(seen):
            if place < its_place:
                yield Finding(Kind.DISORDERED, user, f"{later} was published before {earlier}")


def events_were_handed_out(evidence: Evidence) -> Iterator[Finding]:
    """Each event went through the exchange, with its sequence: its key or a queue has seen it."""
    handed = {(each.user, each.id): each for each in evidence.handed if each.sequence}
    applied = {(key.user, key.id) for key in evidence.keys}
    for event in evidence.events:
        seen = handed.get(event.key)
        if seen is None and event.key not in applied:
            words = f"{event.event_type} {event.id} was never handed out"
            yield Finding(Kind.LOST, event.user, words)
        elif seen is not None and seen.sequence != event.sequence:
            words = f"{event.id} is {event.sequence}, and was published as {seen.sequence}"
            yield Finding(Kind.CONTRADICTION, event.user, words)


def _by_user(evidence: Evidence) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    for event in evidence.events:
        found[event.user].append(event)
    return found
