"""Examples of settings, and of access to feeds."""

from __future__ import annotations

from typing import Any

OWNER = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
ENDS = "2026-11-26T18:00:00.000000Z"
USER_SETTINGS: dict[str, Any] = {
    "weight": {"value": 72.5, "unit": "kg"},
    "height": {"value": 178, "unit": "cm"},
    "age": 34,
    "training_days_per_week": 3,
    "display_name": "Zo\u00eb \U0001f44b",
}
APP_SETTINGS: dict[str, Any] = {
    "theme": "dark",
    "language": "de-AT",
    "notifications": {"workout_reminder": True},
}
EXAMPLES: dict[str, Any] = {
    "user.settings.submitted": USER_SETTINGS,
    "user.settings.persisted": {**USER_SETTINGS, "weight": None},
    "app.settings.submitted": APP_SETTINGS,
    "app.settings.persisted": {"theme": None, "language": None, "notifications": {}},
    "feed.access.attempt": {"feed_owner_id": OWNER, "passcode": "open sesame"},
    "feed.access.granted": {
        "feed_owner_id": OWNER,
        "access_token": "a.b.c",
        "expires_at": ENDS,
        "access_version": 3,
    },
    "feed.access.denied": {
        "feed_owner_id": OWNER,
        "reason": "too_many_tries",
        "retry_after_seconds": 60,
    },
    "feed.visibility.changed": {
        "owner_id": OWNER,
        "visibility": "passcode",
        "access_version": 3,
    },
}
_USER_SETTINGS: dict[str, Any] = {
    "weight": {"value": 19, "unit": "kg"},
    "weight.value": 501,
    "weight.unit": "st",
    "height": [178],
    "height.value": 49,
    "height.unit": "m",
    "age": 12,
    "training_days_per_week": 8,
    "display_name": " ",
}
WRONG: dict[str, dict[str, Any]] = {
    "user.settings.submitted": _USER_SETTINGS,
    "user.settings.persisted": {
        name: value for name, value in _USER_SETTINGS.items() if not name.startswith("weight.")
    },
    "app.settings.submitted": {
        "theme": "pink",
        "language": "no language",
        "notifications": {},
        "notifications.workout_reminder": 1,
    },
    "app.settings.persisted": {"theme": "", "language": "-", "notifications": None},
    "feed.access.attempt": {"feed_owner_id": "me", "passcode": "x" * 65},
    "feed.access.granted": {
        "feed_owner_id": None,
        "access_token": 1,
        "expires_at": "later",
        "access_version": -1,
    },
    "feed.access.denied": {"feed_owner_id": 1, "reason": "no", "retry_after_seconds": "60"},
    "feed.visibility.changed": {"owner_id": "x", "visibility": "friends", "access_version": 2**63},
}
