"""The relay's lanes as the console names them, and whether each may be sent to now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from fintegrate.database import Database
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
STATES = ("waiting", "held_back", "delivered", "failed", "expired", "skipped")
"""What became of an event at one destination, in one word."""
UNKNOWN_SHOP = "an unknown shop"


class Lane(NamedTuple):
    """A destination's lane."""

    lane_id: int
    storefront: str | None
    """The storefront's code, None if it was deleted or is not known yet."""
    destination: str
    """The platform's code, or the adapter of a destination that was deleted."""
    is_active: bool
    paused: bool
    state: str
    reason: str | None
    since: datetime
    next_try_at: datetime | None
    is_open: bool
    """Whether it may be sent to: what waits for it is `held_back` if not."""
    is_deleted: bool

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.storefront or UNKNOWN_SHOP} → {self.destination}"

    @property
    def held_because(self) -> str | None:
        """Why it may not be sent to, in its receiver's words or in ours."""
        if not self.is_active:
            return "destination_inactive"
        return "paused" if self.paused else self.reason or self.state

    def state_of(self, status: str) -> str:
        """The word for a delivery with this status."""
        if status != "pending":
            return status
        return "waiting" if self.is_open else "held_back"

    def reason_of(self, status: str, reason: str | None) -> str | None:
        """Why a delivery is as it is: of what is held back, the lane's reason."""
        return self.held_because if self.state_of(status) == "held_back" else reason


Lanes = Mapping[int, Lane]


def read_lanes(db: Database) -> Lanes:
    """All lanes by their numbers, those of deleted destinations, too."""
    rows = db.fetch_all(SQL["read"], {}, revive=True)
    return {row["lane_id"]: Lane(**row) for row in rows}


def lane_of(lanes: Lanes, number: int) -> Lane:
    """The lane with this number. One that was made since the lanes were read is open and has no name."""
    made = datetime.now(UTC)
    unknown = Lane(
        number, None, f"lane {number}", True, False, "open", None, made, None, True, False
    )
    return lanes.get(number, unknown)


def living(lanes: Iterable[Lane]) -> list[Lane]:
    """Those whose destination is there."""
    return [lane for lane in lanes if not lane.is_deleted]
