"""Rows become what the adapters take: an event with its private data opened, and settings."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from chalicelib.relay import places
from chalicelib.relay.delivery.shapes import Event
from chalicelib.relay.values.json_text import loads
from fintegrate.access.sealing import Sealing
from fintegrate.database import Row


def event_of(row: Row, sealing: Sealing) -> Event:
    """A row of an event as the adapters take it.

    Raises:
        KeyMissing, Unreadable, Misplaced: its private data does not open.
    """
    payload = loads(row["event_payload"] or "{}")  # as text, because a float is no amount
    private: Mapping[str, str] = {}
    if row["private_encrypted"]:
        place = places.of_event(row["storefront_id"], row["identity"], row["event_type"])
        private = sealing.revealed(row["key_id"], row["private_encrypted"], place)
    value = payload.get("value")
    return Event(
        id=row["event"],
        dedup_id=row["dedup_id"],
        event_id=row["identity"],
        order_id=row["order_id"],
        event_type=row["event_type"],
        event_time=row["event_time"],
        value=None if value is None else Decimal(value),
        currency=payload.get("currency"),
        contents=payload.get("contents", ()),
        match_keys=row["match_keys"] or {},
        private=private,
        consent=row["consent_json"] or {},
        extra=payload.get("extra", {}),
    )


def settings_of(lane: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings of a lane's destination. A tag manager's address is one of them."""
    if lane.get("sgtm_url") is None:
        return lane["settings_json"] or {}
    return {
        **(lane["sgtm_settings_json"] or {}),
        "sgtm_url": lane["sgtm_url"],
        "path": lane["path"],
        "measurement_id": lane["measurement_id"],
    }
