"""What requests to erase a customer take and what their answers give."""

from datetime import datetime
from typing import Annotated

from typing_extensions import TypedDict

from chalicelib.banking.events.models import ScopedRequest
from chalicelib.banking.fields import ConsumerId, CustomerId
from fintegrate.console.acts import ActReason, WithReason
from fintegrate.http.cursors import Cursor, Limit, NextCursor
from fintegrate.http.validation import Described

_REASON = Described("Why it is erased; it stays, so it must not name the person", "ticket 4711")


class ErasureRequest(WithReason):
    """Whom to erase, also if it was deleted before. The admin may name any consumer's customer."""

    customer_id: CustomerId
    reason: Annotated[ActReason, _REASON]


class ErasureListing(ScopedRequest):
    """Whose erasures to list."""

    limit: Limit = 50
    cursor: Cursor | None = None


class Erasure(TypedDict):
    """An erasure. While `finished_at` is null something is left: send the request again."""

    customer_id: CustomerId
    consumer_id: ConsumerId
    reason: Annotated[str, _REASON]
    begun_at: datetime
    finished_at: datetime | None
    event_count: Annotated[
        int | None, Described("How many events of the customer there are, without the person", 12)
    ]
    queues_until: Annotated[
        datetime | None,
        Described("Until when the consumer's queue may hold messages that were sent before", None),
    ]


class ListedErasure(Erasure):
    """An erasure in a list, and who asked for it."""

    key_id: Annotated[
        str, Described("The public id of the key", "7b0e3b7e-5c0b-4f6e-9d55-0d6c0d1c2f10")
    ]
    actor: Annotated[str | None, Described("The person, as claimed at the sign-in", "Ann")]
    request_id: Annotated[
        str,
        Described(
            "The request's id, by which the audit log finds it",
            "look-here",
        ),
    ]


class ErasurePage(TypedDict):
    """Erasures, newest first; `next_cursor` is null on the last page."""

    erasures: list[ListedErasure]
    next_cursor: NextCursor
