"""Fields of settings as they are kept: each with the time and sequence of the event that wrote it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.appevents.envelope import Event, iso


def kept_as(told: Mapping[str, Any], event: Event[Any]) -> str:
    """What an event says of fields, as the statement takes it."""
    when = {"effective_at": iso(event.effective_at), "sequence": event.sequence}
    return json.dumps({name: {"value": value, **when} for name, value in told.items()})


def values_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The values of kept fields, by name."""
    return {name: kept["value"] for name, kept in fields.items()}
