"""Compares what clients were answered with what became of it, service by service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.appevents.events.catalogue import TYPES
from chalicelib.appevents.video.counts import wrong_counts
from fintegrate.database import Database, Row
from fintegrate.errors import Unavailable
from fintegrate.queries import queries_beside
from fintegrate.settings import SettingsError

SQL = queries_beside(__name__)
SUMS = ("accepted", "processed", "rejected", "under_way", "unpublished")


def reconcile(db: Database, database_of: Callable[[str], Database], days: int) -> dict[str, Any]:
    """The accounts of each service that acts on clients' events, as `Reconciled`.

    `database_of` gives a service's database. What one says that is away, or that this function has not,
    is null.
    """
    services = sorted({_service(name) for name, each in TYPES.items() if each.is_accepted})
    found: dict[str, dict[str, Any]] = {name: defaultdict(int) for name in services}
    for row in db.fetch_all(SQL["accounts"], {"days": days}):
        own = found.setdefault(_service(row["event_type"]), defaultdict(int))
        for name in SUMS:
            own[name] += int(row[name])
        oldest = [own.get("oldest_under_way"), row["oldest_under_way"]]
        own["oldest_under_way"] = min(filter(None, oldest), default=None)
    dead = {row["service"]: int(row["count"]) for row in db.fetch_all(SQL["dead_letters"], {})}
    accounts = [
        {
            "service": service,
            **{name: own[name] for name in SUMS},
            "oldest_under_way": own.get("oldest_under_way"),
            "dead_letters": dead.get(service, 0),
            **_ended(database_of, service, days),
        }
        for service, own in sorted(found.items())
    ]
    rows = db.fetch_all(SQL["given_up"], {"days": days})
    given_up = {row["service"]: int(row["count"]) for row in rows}
    wrong = _wrong_counts(database_of)
    settled = all(_is_balanced(own, given_up.get(own["service"], 0)) for own in accounts)
    balanced = settled and not any((wrong or {}).values())
    return {"balanced": balanced, "services": accounts, "wrong_counts": wrong}


def _is_balanced(own: Mapping[str, Any], given_up: int) -> bool:
    """Also that no outcome is told which the service does not know: it has ended what it answered.

    It has not ended what the broker gave up.
    """
    settled = own["processed"] + own["rejected"]
    is_known = own["keys"] is None or settled - given_up <= own["keys"]
    return bool(own["accepted"] == settled + own["under_way"] and is_known)


def _service(event_type: str) -> str:
    known = TYPES.get(event_type)
    return known.read_by[0] if known and known.read_by else "unknown"


def _ended(database_of: Callable[[str], Database], service: str, days: int) -> dict[str, Any]:
    types = [name for name, each in TYPES.items() if service in each.read_by and each.is_accepted]
    try:
        row = database_of(service).fetch_one(SQL["ended"], {"types": types, "days": days + 1})
    except (Unavailable, SettingsError, KeyError):
        row = None
    return dict(row) if row else {"keys": None, "outcomes_pending": None}


def _wrong_counts(database_of: Callable[[str], Database]) -> Row | None:
    try:
        return wrong_counts(database_of("video"))
    except (Unavailable, SettingsError):
        return None
