"""What a user says of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.settings import UserSettings, UserSettingsSubmitted
from chalicelib.appevents.outbox import Reply
from chalicelib.appevents.settings.told_fields import kept_as, values_of
from fintegrate.database import Database
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def submit_user_settings(db: Database, event: Event[UserSettingsSubmitted]) -> Reply:
    """Replace the fields that an event names, unless a later event has."""
    told = event.data.model_dump(mode="json", exclude_none=True)
    wanted = {"user_id": event.user_id, "fields": kept_as(told, event)}
    row = db.fetch_all(SQL["submit"], wanted)[0]
    return Reply("user.settings.persisted", _shown(row["fields"]))


def read_user_settings(db: Database, user_id: str) -> dict[str, Any]:
    """A user's settings; what was never told is null."""
    row = db.fetch_one(SQL["read"], {"user_id": user_id})
    return _shown(row["fields"] if row else {})


def _shown(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {**dict.fromkeys(UserSettings.model_fields), **values_of(fields)}
