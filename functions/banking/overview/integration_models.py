"""What the request about an integration takes and what its answer gives."""

from datetime import datetime
from typing import Annotated, Literal

from typing_extensions import TypedDict

from chalicelib.banking.events.topology import EventType
from chalicelib.banking.fields import ConsumerId
from chalicelib.banking.webhooks.models import IN_FLIGHT, TIMEOUT, UNTIL, URL
from fintegrate.http.validation import Described, RequestModel

_SEEN = "2026-11-26T02:46:40+00:00"


class IntegrationRequest(RequestModel):
    """Whose: a tenant sees its own, the admin anybody's, else its own."""

    consumer_id: ConsumerId | None = None


class MessageKind(TypedDict):
    """A kind of message in the queue."""

    event_type: EventType
    routing_key: Annotated[
        str, Described("What binds it to the queue", "customer.creation.first_bank")
    ]
    schema: Annotated[
        str,
        Described("Its JSON Schema, or the XML Schema", "docs/api/schemas/customer_creation.json"),
    ]


class KeyShown(TypedDict):
    """The key that works, without its secret."""

    key_id: Annotated[str, Described("Its public id", "0f8fad5b-d9cb-469f-a165-70867728950e")]
    expires_at: Annotated[datetime, Described("Its end", "2027-06-26T00:00:00+00:00")]


class AccessShown(TypedDict):
    """The bank's user of the broker."""

    username: Annotated[str, Described("The user", "consumer-first_bank")]
    state: Literal["pending", "active", "revocation pending", "revoked"]


class WebhookShown(TypedDict):
    """Where and how the bank is called, and how its server does."""

    url: Annotated[str, URL]
    max_in_flight: Annotated[int, IN_FLIGHT]
    timeout_seconds: Annotated[int, TIMEOUT]
    secret_made_at: Annotated[datetime, Described("When the secret was made", _SEEN)]
    former_secret_until: Annotated[datetime | None, UNTIL]
    state: Annotated[
        Literal["open", "waiting", "failing", "blocked"], Described("How its server does", "open")
    ]
    reason: Annotated[str | None, Described("Why it is not open", None)]
    since: Annotated[datetime, Described("Since when it is so", _SEEN)]
    next_try_at: Annotated[
        datetime | None, Described("When it is called again, while it is not open", None)
    ]
    last_delivered_at: Annotated[datetime | None, Described("When it last took an event", _SEEN)]
    in_flight_count: Annotated[int, Described("The calls that are under way", 0)]


class Step(TypedDict):
    """A step of a working integration. `done` is null while it is not known.

    A bank that reads a queue has the step `queue`, one that is called `webhook`.
    """

    step: Literal["queue", "webhook", "connected", "received", "processed"]
    done: bool | None
    at: Annotated[datetime | None, Described("When it was seen last", _SEEN)]
    sentence: Annotated[str, Described("What it is", "The bank has confirmed an event")]


class Integration(TypedDict):
    """Addresses, queues and schemas, and how far the integration is."""

    consumer_id: ConsumerId
    consumer_name: Annotated[str, Described("The consumer's name", "first_bank")]
    status: Literal["active", "deactivated"]
    message_format: Annotated[
        Literal["json", "xml"], Described("The format of the messages that are sent now", "json")
    ]
    delivery: Annotated[
        Literal["queue", "webhook"], Described("Whether it reads its queue, or is called", "queue")
    ]
    webhook: Annotated[
        WebhookShown | None, Described("Where it is called; null if it reads its queue", None)
    ]
    queue: Annotated[str, Described("What to read", "customer_notification_first_bank")]
    dead_letter_queue: Annotated[
        str, Described("Where dead letters go", "customer_notification_first_bank_DLQ")
    ]
    arguments: Annotated[
        dict[str, object], Described("The queue's arguments", {"x-queue-type": "quorum"})
    ]
    depth: Annotated[int | None, Described("Messages ready in the queue", 12)]
    readers: Annotated[
        int | None, Described("Programs that read it; null if the bank is called", 1)
    ]
    observed_at: Annotated[datetime | None, Described("When the queue was looked at", _SEEN)]
    last_received_at: Annotated[datetime | None, Described("The bank's last first word", _SEEN)]
    last_processed_at: Annotated[datetime | None, Described("The last event processed", _SEEN)]
    event_types: list[MessageKind]
    broker_address: Annotated[str, Described("Where to connect", "amqps://broker.example:5671/")]
    key: KeyShown | None
    access: AccessShown | None
    steps: list[Step]
