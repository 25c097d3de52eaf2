"""How the app behaves for a user. Each notification is a field of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.settings import AppSettings, AppSettingsSubmitted
from chalicelib.appevents.outbox import Reply
from chalicelib.appevents.settings.told_fields import kept_as, values_of
from fintegrate.database import Database
from fintegrate.messaging.inbox import Rejected
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
NOTIFICATIONS = "notifications"
_BEFORE = f"{NOTIFICATIONS}."
MOST_NOTIFICATIONS = 100
"""Names that are kept of a user."""


def submit_app_settings(db: Database, event: Event[AppSettingsSubmitted]) -> Reply:
    """Replace the fields that an event names, unless a later event has.

    Raises:
        Rejected: the user would have too many notifications.
    """
    told = event.data.model_dump(mode="json", exclude_none=True)
    each = {f"{_BEFORE}{name}": is_on for name, is_on in told.pop(NOTIFICATIONS, {}).items()}
    wanted = {"user_id": event.user_id, "fields": kept_as(told | each, event)}
    now = _shown(db.fetch_all(SQL["submit"], wanted)[0]["fields"])
    if len(now[NOTIFICATIONS]) > MOST_NOTIFICATIONS:
        said = f"A user may have at most {MOST_NOTIFICATIONS} notifications"
        raise Rejected("too_many_notifications", said)
    return Reply("app.settings.persisted", now)


def read_app_settings(db: Database, user_id: str) -> dict[str, Any]:
    """A user's settings of the app; what was never told is null."""
    row = db.fetch_one(SQL["read"], {"user_id": user_id})
    return _shown(row["fields"] if row else {})


def _shown(fields: Mapping[str, Any]) -> dict[str, Any]:
    values = values_of(fields)
    return {
        **{name: values.get(name) for name in AppSettings.model_fields},
        NOTIFICATIONS: {
            name.removeprefix(_BEFORE): is_on
            for name, is_on in sorted(values.items())
            if name.startswith(_BEFORE)
        },
    }
