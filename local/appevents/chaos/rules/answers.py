"""What clients were answered is in the database, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator

from local.appevents.chaos.evidence import ACCEPTED, Evidence
from local.appevents.chaos.kind import Kind
from local.chaos.finding import Finding


def answers_are_committed(evidence: Evidence) -> Iterator[Finding]:
    """Each event that was answered as accepted, or as known, is there with its own type."""
    types = {event.key: event.event_type for event in evidence.events}
    for told in evidence.told:
        act = told.act
        if told.status not in ACCEPTED or told.other:
            continue
        if act.key not in types:
            words = f"{act.event_type} {act.id} was answered as {told.status} and is not there"
            yield Finding(Kind.LOST, act.user, words)
        elif types[act.key] != act.event_type:
            words = f"{act.event_type} {act.id} is there as {types[act.key]}"
            yield Finding(Kind.CONTRADICTION, act.user, words)


def other_content_is_refused(evidence: Evidence) -> Iterator[Finding]:
    """An id that stands is never taken for other content, and the same content is no conflict."""
    for told in evidence.told:
        act = told.act
        if told.other and told.status not in {"conflict", None}:
            words = f"{act.id} stands, and other content was answered as {told.status}"
            yield Finding(Kind.CONTRADICTION, act.user, words)
        if not told.other and told.status in {"conflict", "invalid"}:
            words = f"{act.event_type} {act.id} was answered as {told.status}"
            yield Finding(Kind.CONTRADICTION, act.user, words)


def events_were_told(evidence: Evidence) -> Iterator[Finding]:
    """Each event was told by its user, under that type."""
    known = {(*told.act.key, told.act.event_type) for told in evidence.told if not told.other}
    for event in evidence.events:
        if (*event.key, event.event_type) not in known:
            words = f"nobody told {event.event_type} {event.id}"
            yield Finding(Kind.CONTRADICTION, event.user, words)
