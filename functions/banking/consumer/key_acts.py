"""What acts on keys would hit, as dry runs tell it."""

from __future__ import annotations

from chalicelib.banking.consumer.keys import (
    ACTIVE_KEY_EXISTS,
    ADMINS_KEY,
    IN_ONBOARDING,
    SQL,
    refusal,
)
from chalicelib.banking.tenants import ADMIN_ID
from fintegrate.console.acts import DryRun, dry_run_of_one
from fintegrate.database import Database
from fintegrate.errors import Conflict, NotFound

STOPS = "The key stops at once and for good"


def would_issue(db: Database, consumer_id: str, *, rotate: bool, overlap_minutes: int) -> DryRun:
    """What `issue_key` would hit; errors as there."""
    if consumer_id == ADMIN_ID:
        raise Conflict(ADMINS_KEY)
    found = db.fetch_one(SQL["describe"], {"consumer_id": consumer_id})
    if found is None:
        raise NotFound("No such consumer; check consumer_id")
    if found["in_onboarding"]:
        raise Conflict(IN_ONBOARDING)
    if found["active"] and not rotate:
        raise Conflict(ACTIVE_KEY_EXISTS)
    ends = f"in {overlap_minutes} minutes" if overlap_minutes else "at once"
    warnings = [f"The key that works now stops {ends}"] if found["active"] else []
    return dry_run_of_one(consumer_id, found["consumer_name"], warnings)


def would_deactivate(db: Database, key_id: str) -> DryRun:
    """What `deactivate_key` would hit; errors as there."""
    found = db.fetch_one(SQL["find_owner"], {"key_id": key_id})
    if found is None or not found["is_active"] or found["consumer_id"] == ADMIN_ID:
        raise refusal(db, key_id)
    return dry_run_of_one(found["consumer_id"], found["consumer_name"], [STOPS])
