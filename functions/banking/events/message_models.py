"""Models of the messages in a consumer's queue: the bodies and the headers.

They only describe; `chalicelib.banking.events.message` composes the messages, and a test validates
these with the models. The JSON Schemas and the AsyncAPI document are made from the models. Unknown
fields are allowed on every level: a consumer must ignore them, so that a minor version can add fields.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.banking.fields import ConsumerId, CustomerId, EventId

SchemaVersion = Annotated[
    str,
    Field(
        pattern=r"^1\.[0-9]+$",
        description="Another major version may break readers and must be refused; a higher minor "
        "version only adds fields",
        examples=["1.0"],
    ),
]
Sequence = Annotated[
    int, Field(ge=1, description="Counts a customer's events from 1 without gaps", examples=[1])
]
CustomerStatus = Literal["ACTIVE", "INACTIVE"]


class Open(BaseModel):
    """The base of everything in a message: what is not known here is allowed."""

    model_config = ConfigDict(extra="allow")


class Metadata(Open):
    """Where and when the event happened."""

    created_at: Annotated[AwareDatetime, Field(examples=["2026-01-15T09:30:00.000000+00:00"])]
    sequence: Sequence
    source_service: Annotated[
        str,
        Field(description="The endpoint that wrote the event", examples=["POST: /customer/data"]),
    ]
    epoch: Annotated[
        int,
        Field(
            ge=1,
            description="The platform's epoch when this copy was sent. It grows when the platform had "
            "to go back to a backup, after which sequences come again. Events are ordered by `epoch`, "
            "then `sequence`; a copy of a lower epoch than its customer's last one is to be ignored",
            examples=[1],
        ),
    ] = 1
    late: Annotated[
        bool,
        Field(
            description="The event had been given up and is sent after a later one of its customer. A "
            "consumer that goes by `sequence` may ignore this",
        ),
    ] = False


class CustomerFacts(Open):
    """The customer as the event left it; at a deletion, as it was."""

    customer_id: CustomerId
    name: Annotated[str, Field(min_length=1, max_length=255, examples=["John Richard Doe"])]
    status: CustomerStatus
    erased: Annotated[
        bool,
        Field(
            description="The platform has erased this customer, and `name` says nothing. A "
            "consumer that keeps what came before erases it, too",
        ),
    ] = False


class ConsumerFacts(Open):
    """The consumer that was created."""

    consumer_id: ConsumerId
    consumer_name: Annotated[str, Field(pattern="^[a-z0-9_]{1,64}$", examples=["bank_north"])]


class EventMessage(Open):
    """What all messages have in common; recognise a repeated one by its `event_id`."""

    schema_version: SchemaVersion
    event_id: EventId
    metadata: Metadata


class CustomerCreation(EventMessage):
    """A customer was created: the first event of its sequence."""

    event_type: Literal["customer_creation"]
    data: CustomerFacts


class CustomerStatusChange(EventMessage):
    """A customer's status changed; `data` has the new one."""

    event_type: Literal["customer_status_change"]
    data: CustomerFacts


class CustomerDeletion(EventMessage):
    """A customer was deleted: the last event of its sequence."""

    event_type: Literal["customer_deletion"]
    data: CustomerFacts


class ConsumerCreated(EventMessage):
    """A consumer was created; goes to the admin's queue only."""

    event_type: Literal["consumer_created"]
    data: ConsumerFacts


MESSAGES: dict[str, type[EventMessage]] = {
    "customer_creation": CustomerCreation,
    "customer_deletion": CustomerDeletion,
    "customer_status_change": CustomerStatusChange,
    "consumer_created": ConsumerCreated,
}
"""The model of every event type."""


class TestMetadata(Open):
    """When the test was asked for."""

    created_at: Annotated[AwareDatetime, Field(examples=["2026-01-15T09:30:00.000000+00:00"])]


class NoFacts(Open):
    """Nothing: no event is behind it."""


class WebhookTest(Open):
    """A test call of a bank's server, in the form of an event's message."""

    schema_version: SchemaVersion
    event_id: EventId
    event_type: Literal["webhook_test"]
    data: NoFacts
    metadata: TestMetadata


CALLS: dict[str, type[Open]] = {**MESSAGES, "webhook_test": WebhookTest}
"""With what only a bank that is called gets."""


class MessageHeaders(Open):
    """The AMQP headers of every message."""

    schema_version: SchemaVersion
    customer_id: Annotated[
        CustomerId, Field(description="Whom the event is about: the customer, or the new consumer")
    ]
    sequence: Sequence
    epoch: Annotated[
        int,
        Field(ge=1, description="The same as `metadata.epoch` in the body", examples=[1]),
    ] = 1
    publish_try_count: Annotated[
        int, Field(ge=1, description="Which try to publish this copy is of", examples=[1])
    ]
    deliver_try_count: Annotated[
        int, Field(ge=0, description="How often the event was sent again", examples=[0])
    ]
    traceparent: Annotated[
        str,
        Field(
            pattern="^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
            description="W3C Trace Context of the request that wrote the event",
            examples=["00-7b0e3b7e5c0b4f6e9d550d6c0d1c2f10-7b0e3b7e5c0b4f6e-01"],
        ),
    ]
    replay_job_id: Annotated[
        UUID | None,
        Field(description="The replay that has sent this copy; it comes after later events"),
    ] = None
