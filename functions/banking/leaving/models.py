"""What requests about a bank's leaving take and what their answers give."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field
from typing_extensions import TypedDict

from chalicelib.banking.events.topology import EventType
from chalicelib.banking.fields import ConsumerId, CustomerId, EventId
from fintegrate.console.acts import Act, DryRunFields, WithReason
from fintegrate.http.cursors import digits_only
from fintegrate.http.validation import Described, RequestModel

Kind = Literal["customers", "tags", "snapshots", "events", "receipts", "archived_events"]
Sha256 = Annotated[
    str,
    Described(
        "Of the file as it is stored, in hexadecimal digits",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ),
]
Url = Annotated[
    str, Described("Where the file is, for 15 minutes", "https://store.example.com/1.jsonl.gz?…")
]
JobId = Annotated[UUID, Described("The export's id", "3c0f2f0e-6a5b-4a3f-9a53-9c6f5d1f7a20")]


class ExportWanted(WithReason):
    """A bank whose data are to be exported; the admin names it, a bank need not."""

    consumer_id: ConsumerId | None = None


class ExportRef(RequestModel):
    """An export: of this id, or the newest; and which page of its files."""

    consumer_id: ConsumerId | None = None
    export_id: JobId | None = None
    after: Annotated[
        int,
        Field(ge=0, le=2**31 - 1),
        BeforeValidator(digits_only),
        Described("`next_after` of the page before", 0),
    ] = 0
    limit: Annotated[
        int,
        Field(ge=1, le=1000),
        BeforeValidator(digits_only),
        Described("Files on a page", 200),
    ] = 200


class Written(TypedDict):
    """How much of one kind is written."""

    files: Annotated[int, Described("How many files", 1)]
    lines: Annotated[int, Described("How many lines: one for each thing", 120)]
    size_bytes: Annotated[int, Described("Of the files as they are stored", 4711)]


class ExportFile(TypedDict):
    """A file of JSON lines, gzipped."""

    number: Annotated[int, Described("Its place among the export's files", 1)]
    kind: Kind
    lines: Annotated[int, Described("How many lines: one for each thing", 120)]
    size_bytes: Annotated[int, Described("Of the file as it is stored", 4711)]
    sha256: Sha256
    url: Url


class Manifest(TypedDict):
    """The file that names all others with their counts and hashes. It is written last."""

    sha256: Sha256
    url: Url


class Export(TypedDict):
    """An export and how far it is. It is whole when it is done; its files are deleted later."""

    export_id: JobId
    consumer_id: ConsumerId
    consumer_name: Annotated[str, Described("Its name", "bank_north")]
    status: Annotated[Literal["running", "done", "removed"], Described("How far it is", "done")]
    kind: Annotated[str, Described("What it writes now, or wrote last", "manifest")]
    cut_at: Annotated[
        datetime, Described("What was written until then is in it", "2026-01-15T09:30:00+00:00")
    ]
    waits_for: Annotated[str | None, Described("Why it does not go on", None)]
    reason: Annotated[str | None, Described("Why it was asked for", "the bank leaves")]
    actor: Annotated[str, Described("Who asked, as claimed", "")]
    written: Annotated[dict[Kind, Written], Described("How much, by kind", {})]
    manifest: Manifest | None
    files: list[ExportFile]
    next_after: Annotated[
        int | None, Described("Send it as `after` for the next files; null on the last page", None)
    ]
    links_end_after_seconds: Annotated[int, Described("How long the links can be used", 900)]
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    removed_at: Annotated[datetime | None, Described("When its files were deleted", None)]


class CustomerFacts(TypedDict):
    """A customer as it is."""

    customer_id: CustomerId
    name: Annotated[str, Described("The name", "John Richard Doe")]
    status: Annotated[str, Described("Whether it is active", "ACTIVE")]
    event_sequence: Annotated[int, Described("The number of its newest event", 3)]
    created_at: datetime
    updated_at: datetime


class TagFacts(TypedDict):
    """A tag of a customer."""

    tag_key: Annotated[str, Described("Its key", "segment")]
    tag_value: Annotated[str, Described("Its value", "premium")]
    created_at: datetime
    updated_at: datetime


class SnapshotFacts(TypedDict):
    """A customer's tags and figures at one time, whole."""

    snapshot_id: UUID
    snapshot_at: datetime
    tags: dict[str, Any]
    metrics: dict[str, Any]


class ReceiptFacts(TypedDict):
    """What the bank said of an event. `received_at` is its own claim."""

    receipt_id: UUID
    received_at: datetime
    processing_status: Annotated[str, Described("What it said", "processed")]
    processing_failure_reason: str | None
    created_at: datetime
    updated_at: datetime


class EventFacts(TypedDict):
    """An event with its message and all that is known of its way."""

    event_id: EventId
    sequence: Annotated[int, Described("Its number among the customer's", 1)]
    event_type: EventType
    source_service: Annotated[str, Described("What wrote it", "POST: /customer/data")]
    payload: dict[str, Any]
    metadata: dict[str, Any]
    created_at: datetime
    publish_status: Annotated[str, Described("How publishing ended", "published")]
    published_at: datetime | None
    publish_try_count: int
    publish_last_tried_at: datetime | None
    publish_failure_reason: str | None
    publish_given_up_at: datetime | None
    sent_late_at: datetime | None
    deliver_status: Annotated[str, Described("How delivery ended", "delivered")]
    delivered_at: datetime | None
    deliver_try_count: int
    deliver_last_tried_at: datetime | None
    deliver_failure_reason: str | None
    receipt: ReceiptFacts | None


class CustomerExportRef(RequestModel):
    """A customer of the caller's, also a deleted one."""

    customer_id: CustomerId


class CustomerExport(TypedDict):
    """Everything about one customer, of one moment; `customer` is null if it is deleted."""

    customer_id: CustomerId
    taken_at: datetime
    customer: CustomerFacts | None
    tags: list[TagFacts]
    snapshots: list[SnapshotFacts]
    events: list[EventFacts]


class Offboard(Act):
    """A bank that leaves. The reason is required."""

    consumer_id: ConsumerId


class OffboardTakenBack(WithReason):
    """A bank that stays after all."""

    consumer_id: ConsumerId


class OffboardedConsumer(TypedDict):
    """An offboarding. Until `due_at` all is kept; when it is done, the bank's customers are erased."""

    offboarding_id: Annotated[
        UUID, Described("The offboarding's id", "5a1b7c1e-90d3-4a2c-b0d6-0e9b8f7c6d5e")
    ]
    consumer_id: ConsumerId
    consumer_name: Annotated[str, Described("Its name", "bank_north")]
    status: Annotated[
        Literal["waiting", "ending", "done", "taken_back"], Described("How far it is", "waiting")
    ]
    reason: Annotated[str, Described("Why", "the contract ends")]
    actor: Annotated[str, Described("Who began it, as claimed", "")]
    created_at: datetime
    due_at: Annotated[
        datetime, Described("Until then it can be taken back", "2026-02-14T09:30:00+00:00")
    ]
    finished_at: datetime | None
    waits_for: Annotated[str | None, Described("Why it does not go on", None)]
    erased_count: Annotated[int, Described("How many customers are erased", 0)]
    broker_access: Annotated[
        Literal["active", "revoked", "revocation pending"] | None,
        Described("What became of its user of the broker; null if it has none", "revoked"),
    ]


class Offboarded(DryRunFields, total=False):
    """The offboarding, or the counts of a dry run."""

    offboarding_id: UUID
    consumer_id: ConsumerId
    consumer_name: str
    status: Literal["waiting", "ending", "done", "taken_back"]
    reason: str
    actor: str
    created_at: datetime
    due_at: datetime
    finished_at: datetime | None
    waits_for: str | None
    erased_count: int
    broker_access: Literal["active", "revoked", "revocation pending"] | None
