"""The answer of a reconciliation: each tenant's ledger, and the heads behind which others wait."""

from datetime import datetime
from typing import Annotated

from typing_extensions import TypedDict

from chalicelib.banking.events.models import Sequence
from chalicelib.banking.events.topology import EventType
from chalicelib.banking.fields import ConsumerId, CustomerId, EventId
from fintegrate.http.validation import Described


class OldestAges(TypedDict):
    """Hours since the oldest event of each kind was committed; null when there is none."""

    committed: float | None
    pending: float | None
    failed: float | None
    published: float | None
    delivered: float | None
    undelivered: float | None
    delivery_failed: float | None
    dead_lettered: float | None


class Discrepancies(TypedDict):
    """What should not be, each a count that is 0 in a ledger that is balanced."""

    missing_events: int
    events_of_no_customer: int
    events_of_anothers_customer: int
    events_beyond_the_last: int
    events_of_no_consumer: int
    publish_failed_unacknowledged: int
    deliveries_without_publish: int
    deliveries_without_receipt: int
    failures_without_cause: int
    receipts_that_contradict: int
    receipts_without_event: int


class Sums(TypedDict):
    """`committed = published + pending + failed`, and
    `published = delivered + undelivered + delivery_failed + dead_lettered`.

    `committed` is what the customers say, the others are what the events say; `dead_lettered` failed
    and lies in `dead_letters`, `delivery_failed` failed by the consumer's word alone.
    """  # noqa: D205 - the document's own text

    balanced: bool
    committed: int
    published: int
    pending: int
    failed: int
    delivered: int
    undelivered: int
    delivery_failed: int
    dead_lettered: int
    archived: Annotated[
        int, Described("How many of the committed lie in files; they count above, too", 0)
    ]
    oldest_age_hours: OldestAges
    discrepancies: Discrepancies


class TenantSums(Sums):
    """The ledger of one tenant; a name that is null is a consumer that does not exist."""

    consumer_id: ConsumerId
    consumer_name: Annotated[
        str | None, Described("Part of the names of the consumer's queues", "bank_north")
    ]


class BlockingHead(TypedDict):
    """A pending event, and how many of the same customer wait behind it."""

    event_id: EventId
    consumer_id: ConsumerId
    customer_id: CustomerId
    sequence: Sequence
    event_type: EventType
    created_at: datetime
    age_hours: float
    publish_try_count: int
    publish_failure_reason: str | None
    waiting: int


class BlockingHeads(TypedDict):
    """How many heads there are and how many events wait behind them; the longest queues first."""

    total: int
    waiting_behind: int
    longest: list[BlockingHead]


class RecoveryState(TypedDict):
    """Whether a recovery after a restore is due; while it is, nothing is balanced."""

    due: bool
    epoch: Annotated[int, Described("The epoch that messages bear", 1)]
    backup_at: Annotated[
        datetime | None, Described("The backup of the last recovery", "2026-11-26T10:00:00Z")
    ]
    suspicion: Annotated[str | None, Described("Why the database seems to be a restored one", None)]


class Reconciliation(TypedDict):
    """The ledger at one moment."""

    taken_at: datetime
    balanced: bool
    recovery: RecoveryState
    total: Sums
    tenants: list[TenantSums]
    heads: BlockingHeads
