"""What a batch of events takes and what its answer gives."""

from typing import Annotated, Any, Literal, NotRequired, Self

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from chalicelib.relay.values.json_text import loads
from fintegrate.errors import BadRequest, Invalid
from fintegrate.http.validation import Described, RequestModel

MOST_ITEMS = 1_000
EXAMPLE = {
    "storefront_id": "bosley",
    "event_name": "purchase_completed",
    "event_time": "2026-11-26T10:00:00-05:00",
    "order_id": "2025010100001111",
    "order_revenue": 80.79,
}


class Batch(RequestModel):
    """A page of the order system. Only `data` is read; where further pages are is never looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    data: Annotated[
        list[Any],
        Field(min_length=1, max_length=MOST_ITEMS),
        Described("The events; each is judged by itself", [EXAMPLE]),
    ]
    error: Annotated[Any, Described("What the order system says went wrong there", None)] = None

    @classmethod
    def model_validate_json(cls, json_data: Any, **_: Any) -> Self:
        """Read numbers as they are written: pydantic would make floats of them."""
        try:
            value = loads(json_data)
        except ValueError:
            raise BadRequest("The body is not valid JSON; send a JSON object") from None
        if isinstance(value, dict) and not isinstance(value.get("data"), list | None):
            raise Invalid(
                "data: must be a list"
            )  # what it is instead may be personal: not repeated
        return cls.model_validate(value)


class ItemResult(TypedDict):
    """What became of one item."""

    index: Annotated[int, Described("Its place in `data`", 0)]
    status: Annotated[
        Literal["accepted", "duplicate", "conflict", "rejected"],
        Described("conflict: an event of this identity stands, with other content", "accepted"),
    ]
    id: NotRequired[Annotated[int, Described("The number of the event that stands", 4711)]]
    event_id: NotRequired[Annotated[str, Described("Its id", "2025010100001111")]]
    event_type: NotRequired[Annotated[str, Described("Its type", "purchase_completed")]]
    warnings: NotRequired[Annotated[list[str], Described("What was left out or changed", [])]]
    error: NotRequired[Annotated[str, Described("Why it was rejected", "order_id: is required")]]


class Received(TypedDict):
    """What became of a batch."""

    received: Annotated[int, Described("Items in it", 1)]
    accepted: Annotated[int, Described("Stored now", 1)]
    duplicates: Annotated[int, Described("Stored before, with the same content", 0)]
    conflicts: Annotated[int, Described("Stored before, with other content", 0)]
    rejected: Annotated[int, Described("Not stored", 0)]
    results: list[ItemResult]
    warnings: NotRequired[
        Annotated[list[str], Described("What the page itself gives reason to look at", [])]
    ]
