"""The streams: the functions that queues trigger, and which of them acts on an event."""

from __future__ import annotations

from functools import cache

from chalicelib.appevents.events.catalogue import REJECTED, TYPES
from chalicelib.appevents.topology import services

UPLOADS = "processing"
"""The stream of uploads: its function makes the videos."""
UPLOAD = "upload"
"""The type of an upload, in lists of events."""
OUTCOMES = "notification"
"""The stream whose function writes down what became of each event."""
UNKNOWN = "unknown"


def names() -> list[str]:
    """Every stream."""
    return services()


def stream_of(event_type: str) -> str:
    """The function that acts on a client's event of this type."""
    known = TYPES.get(event_type)
    return known.read_by[0] if known and known.read_by else UNKNOWN


@cache
def types_of(stream: str) -> tuple[str, ...]:
    """The types of accepted events on which a function acts."""
    return tuple(
        name for name, each in TYPES.items() if each.is_accepted and stream in each.read_by
    )


@cache
def event_types() -> tuple[str, ...]:
    """The types of accepted events: clients', and what an operator asks."""
    return tuple(name for name, each in TYPES.items() if each.is_accepted)


@cache
def outcome_types() -> tuple[str, ...]:
    """The types of the events with which services answer; the last one is the refusal."""
    answers = [
        name
        for name, each in TYPES.items()
        if each.told_by and not each.is_accepted and OUTCOMES in each.read_by and not each.is_news
    ]
    return (*answers, REJECTED)


def answering(event_type: str) -> str:
    """The stream whose function has told an outcome of this type; of a refusal nobody knows."""
    return TYPES[event_type].told_by or UNKNOWN
