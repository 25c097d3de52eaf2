"""Every hour: deletes what is past its retention, in batches with a transaction each.

The events' and dead letters' payloads go a day after the event was settled, their rows after
`APP_EVENT_DAYS`, rows of the audit log after `APP_AUDIT_DAYS`. An event without an outcome stays:
somebody still waits for it. Its secrets do not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

from chalice import Rate

from chalicelib.appevents.events.catalogue import with_secrets
from chalicelib.appevents.notification.accept import SECRETS_STAY
from chalicelib.appevents.schedules import purge, purge_events, purge_settings
from chalicelib.appevents.schedules.blueprint import schedules
from chalicelib.appevents.wiring import SETTINGS, parts, scheduled
from fintegrate.batches import take_all
from fintegrate.in_turn import in_turn

LEAST_KEY_DAYS = 90
"""Longer than any queue can hold a message, however short events are kept."""
_OWN: Mapping[str, Mapping[str, str]] = {
    "notification": purge_events.SQL,
    "settings": purge_settings.SQL,
}
"""The statements for tables that only one service has."""


@schedules.schedule(Rate(1, unit=Rate.HOURS), name="app_purge")
@scheduled
def app_purge(_event: Any) -> dict[str, Any]:
    """Return how many rows were emptied or deleted, by kind. The next run takes what is left."""
    work = {service: partial(_purge, service) for service in SETTINGS}
    counts = Counter[str]()
    for found in in_turn(work, parts().settings.app_purge_seconds):
        counts.update(found)
    return dict(counts)


def _purge(service: str, seconds: float) -> dict[str, int]:
    database = parts().service(service).request.database
    statements = {**purge.SQL, **_OWN.get(service, {})}
    return take_all(database, statements, _parameters(), seconds)


def _parameters() -> dict[str, object]:
    settings, secrets = parts().settings, with_secrets()
    return {
        "batch": settings.app_sweep_batch,
        "event_days": settings.app_event_days,
        "key_days": max(settings.app_event_days, LEAST_KEY_DAYS),
        "audit_days": settings.app_audit_days,
        "payload_hours": settings.app_payload_hours,
        "outbox_days": 1,
        "attempt_days": 1,
        "secret_types": list(secrets),
        "secret_fields": sorted({field for fields in secrets.values() for field in fields}),
        "secret_seconds": SECRETS_STAY.total_seconds(),
        "tries_seconds": max(
            settings.passcode_tries_seconds, settings.passcode_owner_tries_seconds
        ),
    }
