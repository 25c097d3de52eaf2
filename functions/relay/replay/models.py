"""What requests to replay and to give up take and what their answers give."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints
from typing_extensions import TypedDict

from fintegrate.console.acts import Act
from fintegrate.http.validation import Described, Instant, Text, printable

MOST = 10_000
"""Deliveries per call."""
_MOST_NAMED = 1_000
_LONGEST = 500


def number_or_text(value: Any) -> Any:
    """Refuse what is neither an id of ours nor a text."""
    is_id = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63
    if is_id or (isinstance(value, str) and 0 < len(value) <= _LONGEST):
        return printable(value) if isinstance(value, str) else value
    raise ValueError(f"must be a number from 1 on, or a text of 1 to {_LONGEST} characters")


Name = Annotated[int | str, BeforeValidator(number_or_text)]
Word = Annotated[Text, StringConstraints(max_length=_LONGEST)]
Named = Annotated[list[Name], Field(min_length=1, max_length=_MOST_NAMED)]
Words = Annotated[list[Word], Field(min_length=1, max_length=_MOST_NAMED)]
Status = Literal["pending", "delivered", "failed", "expired", "skipped"]


class DeliveryFilter(Act):
    """Which deliveries; what is left out excludes none. A number is an id of ours, a text the shop's."""

    storefronts: Annotated[
        Named | None, Described("Storefronts, by number or code", ["bosley"])
    ] = None
    destinations: Annotated[
        Named | None,
        Described("Destinations, by their lane's number, their adapter or platform", ["meta"]),
    ] = None
    event_types: Annotated[Words | None, Described("Types of events", ["purchase_completed"])] = (
        None
    )
    event_ids: Annotated[
        Named | None,
        Described("Events, by their number or their own id", ["2025010100001111"]),
    ] = None
    event_time_from: Annotated[
        Instant | None,
        Described("They happened then or later; 90 days ago, if it is left out", None),
    ] = None
    event_time_to: Annotated[Instant | None, Described("They happened before this", None)] = None
    reasons: Annotated[
        Words | None,
        Described("Of the deliveries: all of it, or what is before a colon", None),
    ] = None
    dry_run: Annotated[bool, Described("Only count, change nothing", True)] = True
    cursor: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}-[0-9]{1,18}$")] | None,
        Described("`next_cursor` of the call before", None),
    ] = None


class Replay(DeliveryFilter):
    """What to send again."""

    statuses: Annotated[
        list[Status] | None,
        Field(min_length=1, max_length=5),
        Described("All but `delivered`, which goes only when it is named", ["failed", "expired"]),
    ] = None
    backfill: Annotated[
        bool,
        Described("Also make deliveries that never were, of a destination that came later", False),
    ] = False


class GiveUp(DeliveryFilter):
    """What not to send any more."""

    statuses: Annotated[
        list[Literal["pending", "failed", "expired"]] | None,
        Field(min_length=1, max_length=3),
        Described("`pending`; what was delivered or skipped cannot be given up", ["pending"]),
    ] = None


class LaneCounts(TypedDict):
    """What of a lane is meant."""

    lane_id: Annotated[int, Described("The lane's number", 12)]
    storefront: Annotated[str, Described("The storefront's code", "bosley")]
    destination: Annotated[str, Described("The adapter", "meta")]
    go: Annotated[
        dict[str, int],
        Described(
            "Deliveries that go, by the status that they had; `new` never were", {"failed": 3}
        ),
    ]
    stay: Annotated[
        dict[str, int],
        Described(
            "Deliveries that stay as they are, by the reason: too_old (at most 10000 are counted), "
            "a field that is missing, no consent, a destination that is not active, erased",
            {"too_old": 2},
        ),
    ]
    unprotected_count: Annotated[
        int,
        Described(
            "Of those that go: the receiver may have them, and no longer tells a second copy", 0
        ),
    ]


class Replayed(TypedDict):
    """What was replayed, or would be."""

    dry_run: Annotated[bool, Described("Whether nothing was changed", True)]
    replay_id: Annotated[
        str | None,
        Described("Of this call; null for a dry run", "7c9e6679-7425-40de-944b-e07fc1f90ae7"),
    ]
    go_count: Annotated[int, Described("Deliveries that go", 3)]
    stay_count: Annotated[int, Described("Deliveries that stay as they are", 2)]
    unprotected_count: Annotated[
        int, Described("Of those that go: a second copy may count twice", 0)
    ]
    lanes: list[LaneCounts]
    warnings: Annotated[list[str], Described("What to know before it is done", [])]
    next_cursor: Annotated[
        str | None,
        Described("Send it as `cursor` for the rest; null if there is none", None),
    ]


class GivenUp(TypedDict):
    """What was given up, or would be."""

    dry_run: Annotated[bool, Described("Whether nothing was changed", True)]
    go_count: Annotated[int, Described("Deliveries that are given up", 3)]
    lanes: Annotated[list[LaneCounts], Described("By lane; `go` counts what is given up", [])]
    next_cursor: Annotated[
        str | None,
        Described("Send it as `cursor` for the rest; null if there is none", None),
    ]
