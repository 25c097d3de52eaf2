"""Of two events that say the same field of a thing, the newer one counts, in whatever order they come.

A thing keeps, by field, the sequence and the time of the event that said it last (`told`). What made the
thing is older than every change of it, so it is not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.appevents.envelope import Event, iso

Told = Mapping[str, list[Any]]
ARCHIVED = "archived"


def is_newer(told: Told, field: str, event: Event[Any]) -> bool:
    """Whether an event is newer than the one that said this field last.

    Without a sequence on both sides the client's time decides.
    """
    if field not in told:
        return True
    sequence, told_at = told[field]
    if sequence is not None and event.sequence is not None:
        return bool(sequence < event.sequence)
    return datetime.fromisoformat(told_at) < event.told_at


def newer_fields(told: Told, fields: Iterable[str], event: Event[Any]) -> list[str]:
    """The fields that no newer event has said."""
    return [field for field in fields if is_newer(told, field, event)]


def noted(told: Told, fields: Iterable[str], event: Event[Any]) -> dict[str, list[Any]]:
    """What is kept after an event that said these fields."""
    said = [event.sequence, iso(event.told_at)]
    return {**told, **dict.fromkeys(fields, said)}
