"""What requests about health and the ledger take and what their answers give."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from typing_extensions import TypedDict

from fintegrate.http.cursors import digits_only
from fintegrate.http.validation import Described, RequestModel

_AT = "2026-11-26T10:00:00.000000Z"
LaneId = Annotated[int, Described("The lane's number", 12)]
Code = Annotated[str | None, Described("The storefront's code; null if it was deleted", "bosley")]
Adapter = Annotated[str, Described("The adapter of the destination", "webhook")]
Moment = Annotated[datetime | None, Described("When; null if there is none", _AT)]
Age = Annotated[float | None, Described("Seconds since then; null if there is none", 1.25)]


class LaneHealth(TypedDict):
    """How a destination's lane is."""

    lane_id: LaneId
    storefront: Code
    destination: Adapter
    is_active: Annotated[bool, Described("Whether new events are for it", True)]
    state: Annotated[
        Literal["open", "waiting", "failing", "blocked", "paused"],
        Described("Whether it is sent to, and if not why", "open"),
    ]
    reason: Annotated[str | None, Described("In the receiver's words; null if it is open", None)]
    since: Moment
    next_try_at: Annotated[
        datetime | None, Described("When it is tried again; null if at once or never", None)
    ]
    pending_count: Annotated[int, Described("Deliveries that are not done", 0)]
    replayed_count: Annotated[int, Described("Those of them that a replay has made due", 0)]
    oldest_pending_at: Annotated[
        datetime | None,
        Described("When the oldest of them was accepted, but for those of replays", None),
    ]
    oldest_pending_age_seconds: Age
    delivered_last_hour: Annotated[int, Described("Delivered in the last hour", 41)]
    failed_last_hour: Annotated[int, Described("Failed in the last hour", 0)]
    maybe_delivered_count: Annotated[
        int,
        Described(
            "Deliveries that are pending or ended in the last hour, of which a request was sent "
            "whole and no answer came",
            0,
        ),
    ]


class ForeignStatus(TypedDict):
    """Rows that the order system inserted with a status of its own: nobody takes them in."""

    status: Annotated[str | None, Described("The status, at most 60 characters of it", "draft")]
    row_count: Annotated[int, Described("Rows", 3)]


class IntakeHealth(TypedDict):
    """Rows that the order system has inserted and that were not taken in."""

    pending_count: Annotated[int, Described("Rows that wait for the intake", 0)]
    oldest_pending_at: Moment
    oldest_pending_age_seconds: Age
    unresolved_count: Annotated[int, Described("Rows whose storefront is not known", 0)]
    foreign: list[ForeignStatus]


class NamedKey(TypedDict):
    """A key that rows name, or that is in the ring and does not write."""

    key_id: Annotated[str, Described("Its id", "k1")]
    credentials_count: Annotated[int, Described("Credentials that it seals", 0)]
    events_count: Annotated[
        int, Described("Events whose private data it seals; 100000 means at least so many", 0)
    ]


class KeyRingHealth(TypedDict):
    """The ring of keys against what rows name."""

    writing: Annotated[str, Described("The key that writes", "k2")]
    former: Annotated[
        list[NamedKey],
        Described(
            "Further keys of the ring; one with no rows may be removed",
            [{"key_id": "k1", "credentials_count": 0, "events_count": 0}],
        ),
    ]
    missing: Annotated[
        list[NamedKey], Described("Keys that rows name and the ring lacks: put them back", [])
    ]


class RelayHealth(TypedDict):
    """How the relay is."""

    taken_at: Moment
    lanes: list[LaneHealth]
    intake: IntakeHealth
    key_ring: KeyRingHealth


class LedgerWindow(RequestModel):
    """Which events to look at."""

    days: Annotated[
        int | None,
        Field(ge=1, le=3_660),
        BeforeValidator(digits_only),
        Described("Events of the last so many days; else as the schedule does", 8),
    ] = None


class Sums(TypedDict):
    """`accepted = pending + delivered + failed + expired + skipped`."""

    accepted: Annotated[int, Described("Accepted events that the destination is due", 41)]
    pending: int
    delivered: int
    failed: int
    expired: int
    skipped: int


class LaneSums(Sums):
    """The ledger of one storefront and destination."""

    lane_id: LaneId
    storefront: Code
    destination: Adapter
    deleted: Annotated[bool, Described("Whether the destination was deleted since", False)]
    balanced: Annotated[bool, Described("Whether the sum holds", True)]


class LedgerCounts(TypedDict):
    """What should not be, each a count that is 0 in a ledger that is balanced."""

    events_without_delivery: Annotated[
        int, Described("Events without a delivery for a destination that was there", 0)
    ]
    deliveries_without_event: Annotated[
        int, Described("Deliveries of no accepted event, or of another storefront's", 0)
    ]
    delivered_without_attempt: Annotated[
        int, Described("Delivered, and no attempt that succeeded", 0)
    ]
    attempts_without_delivery: Annotated[int, Described("Attempts of no delivery", 0)]


class Entry(TypedDict):
    """An event and a lane."""

    event: Annotated[int, Described("The event's number", 4711)]
    lane_id: LaneId


class LedgerLists(TypedDict):
    """The first fifty of each."""

    events_without_delivery: list[Entry]
    deliveries_without_event: list[Entry]
    delivered_without_attempt: list[Entry]
    attempts_without_delivery: list[Entry]


class Reconciliation(TypedDict):
    """The ledger at one moment."""

    taken_at: Moment
    days: Annotated[int, Described("It has the events of the last so many days", 8)]
    balanced: Annotated[bool, Described("Whether nothing is missing or contradicts", True)]
    total: Sums
    lanes: list[LaneSums]
    discrepancies: LedgerCounts
    listed: LedgerLists
