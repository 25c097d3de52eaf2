"""The states of events and uploads, and the indexes that have what is in one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

State = Literal[
    "waiting",
    "in_queue",
    "processed",
    "rejected",
    "dead_lettered",
    "presigned",
    "uploaded",
    "processing",
    "failed",
    "expired",
]
OF_EVENTS = {
    "waiting": "unsettled",
    "in_queue": "unsettled",
    "processed": "all",
    "rejected": "rejected",
    "dead_lettered": "rejected",
}
"""The index that has the events in a state; `all` has what no other has."""
OF_UPLOADS = {
    "presigned": "unsettled",
    "uploaded": "unsettled",
    "processing": "unsettled",
    "processed": "all",
    "failed": "rejected",
    "expired": "all",
}


def sources(places: dict[str, str], states: Collection[str] | None) -> set[str]:
    """The indexes in which everything is that is in one of these states; none for none."""
    found = {place for state, place in places.items() if states is None or state in states}
    return {"all"} if "all" in found else found
