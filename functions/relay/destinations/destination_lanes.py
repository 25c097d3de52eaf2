"""The lane of a destination, which is opened, changed and closed with it.

Called in the transaction that writes the destination. Leaves the lane's health to the delivery.
"""

from __future__ import annotations

from typing import NamedTuple

from chalicelib.relay.delivery.adapters import adapter_of
from chalicelib.relay.delivery.shapes import Destination
from chalicelib.relay.destinations.storefronts import SQL as STOREFRONTS
from fintegrate.database import Database
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
MOST_SKIPPED = 20_000
"""Deliveries that one call skips; the next run of the delivery skips the rest."""
AD_PLATFORMS = ("meta", "ga4", "tiktok", "pinterest", "snapchat")
"""The tags of a tag manager's container may send to these, too."""


class Owner(NamedTuple):
    """A row that has a lane: `type` is `credential` or `sgtm`, `id` the row's."""

    type: str
    id: int


def open_lane(
    db: Database, owner: Owner, storefront: int, destination: Destination, *, is_active: bool
) -> int:
    """Open the lane of a new destination; returns its number."""
    lane = {"storefront_id": storefront, **_described(owner, destination), "is_active": is_active}
    db.execute(STOREFRONTS["lock_lanes"], {"id": storefront})
    db.execute(SQL["create_account"], lane)
    return int(db.fetch_all(SQL["open"], lane)[0]["lane_id"])


def change_lane(
    db: Database, owner: Owner, destination: Destination | None, *, is_active: bool
) -> None:
    """Write a changed destination into its lane; one that is blocked or fails may be tried at once.

    Args:
        destination: None if nothing but `is_active` was changed
    """
    if destination is None:
        switched = {"destination_type": owner.type, "id": owner.id, "is_active": is_active}
        changed = db.fetch_all(SQL["switch"], switched)
    else:
        lane = {**_described(owner, destination), "is_active": is_active}
        db.execute(SQL["create_account"], lane)
        changed = db.fetch_all(SQL["change"], lane)
    for row in changed:
        db.execute(SQL["make_one_due"], row)


def close_lane(db: Database, owner: Owner, storefront: int) -> None:
    """Close the lane of a deleted destination. What is pending there is skipped."""
    db.execute(STOREFRONTS["lock_lanes"], {"id": storefront})
    db.execute(SQL["close"], {"destination_type": owner.type, "id": owner.id})
    skip_deleted(db)


def skip_deleted(db: Database) -> int:
    """Skip what is pending for deleted destinations; returns how many deliveries."""
    return db.execute(SQL["skip_deleted"], {"most": MOST_SKIPPED})


def double_counting(db: Database, storefront: int, lane_id: int, adapter: str) -> list[str]:
    """A warning if a tag manager and direct destinations of the storefront may send the same event."""
    wanted = {"storefront_id": storefront, "lane_id": lane_id}
    others = [row["adapter"] for row in db.fetch_all(SQL["read_others"], wanted)]
    if adapter == "sgtm":
        direct = [other for other in others if other in AD_PLATFORMS]
    else:
        direct = [adapter] if adapter in AD_PLATFORMS and "sgtm" in others else []
    if not direct:
        return []
    where = ", ".join(direct)
    said = f"The storefront has a tag manager, and {where} directly: if the container sends there, too, "
    return [
        said + "events may count twice. Let its tags keep event_id, or switch one of the two off"
    ]


def _described(owner: Owner, destination: Destination) -> dict[str, object]:
    adapter = adapter_of(destination.adapter)
    return {
        "destination_type": owner.type,
        "id": owner.id,
        "adapter": destination.adapter,
        "requests_per_minute": adapter.REQUESTS_PER_MINUTE,
        "concurrency": adapter.CONCURRENCY,
        "account": adapter.account(destination),
    }
