"""What requests about consumers and keys take and what their answers give."""

import re
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from typing_extensions import TypedDict

from chalicelib.banking.events.topology import EventType
from chalicelib.banking.fields import ConsumerId, CustomerId
from fintegrate.access.keys import read_form
from fintegrate.console.acts import Act, DryRunFields, WithReason
from fintegrate.http.cursors import Cursor, Limit, NextCursor
from fintegrate.http.validation import Described, Instant, RequestModel, Text

_PUBLIC_ID = re.compile(
    r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE
)


def public_id(text: str) -> str:
    """The public id, as a UUID, of a whole key or a public id; drops the secret."""
    if _PUBLIC_ID.fullmatch(text):
        return str(UUID(text))
    key = read_form(text)
    if key is None:
        raise ValueError("must be an API key, or its public id as 32 hexadecimal digits or a UUID")
    return key.key_id


_KEY = Described(
    "The key, or its public id where one is looked for", "0f8fad5bd9cb469fa16570867728950e"
)
ConsumerName = Annotated[
    str,
    Field(pattern=r"^[a-z0-9_]{1,64}$"),
    Described("Part of the names of the consumer's queues", "bank_north"),
]
ConsumerStatus = Literal["active", "deactivated"]
DisplayName = Annotated[
    Text,
    StringConstraints(max_length=255),
    Described(
        "The name to show to people; the queues keep the consumer's own", "Bank of the North"
    ),
]
MessageFormat = Annotated[
    Literal["json", "xml"],
    Described("The format of the messages that are sent to the consumer", "xml"),
]
BrokerAccessState = Annotated[
    Literal["pending", "active", "revocation pending", "revoked"],
    Described("Whether the broker does what is wanted already", "active"),
]
ApiKeyStatus = Literal["active", "expired", "deactivated"]
ApiKeyName = Annotated[
    str,
    AfterValidator(public_id),
    _KEY,
    Field(
        description="The whole key, or its public id as 32 hexadecimal digits or a UUID. Prefer the "
        "public id, or a JSON body: on its way to us a query string may be logged"
    ),
]
"""The whole key or its public id. Only the id is kept; the secret is dropped."""


class NewConsumer(RequestModel):
    """A consumer to create; its name becomes part of the names of its queues."""

    consumer_name: ConsumerName


class ConsumerCreated(TypedDict):
    """The consumer that now exists."""

    consumer_id: ConsumerId


class NewApiKey(Act):
    """A key to issue; `rotate` replaces the active one, at once or after `overlap_minutes`."""

    consumer_id: ConsumerId
    rotate: Annotated[
        bool, Described("Whether to replace the active key, which stops at once", True)
    ] = False
    overlap_minutes: Annotated[
        int,
        Field(ge=0, le=1440),
        Described("With rotate: how long the replaced key still works, in minutes", 60),
    ] = 0
    expires_in_days: Annotated[
        int, Field(ge=1, le=3650), Described("Days until the key expires", 365)
    ] = 365

    @model_validator(mode="after")
    def _overlap_needs_two_keys(self) -> Self:
        if self.overlap_minutes and not self.rotate:
            raise ValueError("overlap_minutes only goes with rotate: true")
        return self


class ApiKeyIssued(DryRunFields, total=False):
    """The key in clear, this once. A dry run has its counts instead."""

    api_key: Annotated[str, Field(examples=["fk_<public id>_<secret>"]), _KEY]


class ConsumerRef(RequestModel):
    """A consumer; a tenant may name itself only."""

    consumer_id: ConsumerId


class ConsumerAct(WithReason):
    """A consumer with whose access or delivery something is done, and why."""

    consumer_id: ConsumerId


class ConsumerStatusChange(Act):
    """The status that a consumer is to have."""

    consumer_id: ConsumerId
    status: ConsumerStatus


class ConsumerStatusChanged(DryRunFields, total=False):
    """Nothing, or the counts of a dry run."""


class ConsumerChange(WithReason):
    """What of a consumer may change; its name may not, because its queues are named after it."""

    consumer_id: ConsumerId
    display_name: DisplayName


class ConsumerChanged(TypedDict):
    """The consumer's new name to show, and since when."""

    consumer_id: ConsumerId
    display_name: DisplayName
    updated_at: datetime


class FormatChange(WithReason):
    """The format that a consumer is to have for every message that is sent from now on."""

    consumer_id: ConsumerId
    message_format: MessageFormat


class FormatChanged(TypedDict):
    """The consumer's format, and when the consumer was last changed."""

    consumer_id: ConsumerId
    message_format: MessageFormat
    updated_at: datetime


class ConsumerData(TypedDict):
    """A consumer as it is; `display_name` is null until it is set."""

    name: Annotated[str, Described("The name", "John Richard Doe")]
    display_name: DisplayName | None
    status: ConsumerStatus
    message_format: MessageFormat
    created_at: datetime
    updated_at: datetime


class ConsumerListed(ConsumerData):
    """A consumer among others."""

    consumer_id: ConsumerId


class ConsumerList(TypedDict):
    """All consumers, the oldest first."""

    consumers: list[ConsumerListed]


class KeyToDeactivate(Act):
    """A key, by the whole key or by its public id."""

    api_key: ApiKeyName


class ApiKeyDeactivated(DryRunFields, total=False):
    """Nothing, or the counts of a dry run."""


class ApiKeyQuestion(RequestModel):
    """A key, by the whole key or by its public id; the caller's own when nothing is said."""

    api_key: ApiKeyName | None = None


class ApiKeyData(TypedDict):
    """What became of a key; `expires_at` is null for the admin's key, which does not expire."""

    status: ApiKeyStatus
    created_at: datetime
    expires_at: datetime | None
    updated_at: datetime


class KeyUseQuestion(RequestModel):
    """Which key, and between which times; from the key's creation on when nothing is said."""

    key: ApiKeyName
    since: Annotated[
        Instant | None,
        Field(alias="from"),
        Described("Only what was written then or later", "2026-01-15T09:30:00+00:00"),
    ] = None
    until: Annotated[
        Instant | None,
        Field(alias="to"),
        Described("Only what was written before", "2026-01-16T09:30:00+00:00"),
    ] = None
    limit: Limit = 50
    cursor: Annotated[Cursor, Field(max_length=200)] | None = None


class KeyUse(TypedDict):
    """A row that was written with a key: an event, or an entry of the audit log."""

    use_id: Annotated[
        UUID, Described("The event's or the entry's id", "c4a1d2e3-6f70-4b81-92a3-b4c5d6e7f809")
    ]
    created_at: datetime
    kind: Literal["event", "audit"]
    action: Annotated[str, Described("Method and path of the request", "POST: /customer/data")]
    event_type: EventType | None
    customer_id: CustomerId | None
    status_code: Annotated[int | None, Described("The answer, of an audit entry", 403)]
    request_id: Annotated[str | None, Described("The request, of an audit entry", "look-here")]
    source_ip: Annotated[str | None, Described("The caller, of an audit entry", "203.0.113.9")]


class KeyUsePage(TypedDict):
    """What was written with a key, newest first."""

    consumer_id: ConsumerId
    uses: list[KeyUse]
    next_cursor: NextCursor


class NewBrokerAccess(WithReason):
    """A user of the broker to make for a consumer; `rotate` replaces its password at once."""

    consumer_id: ConsumerId
    rotate: Annotated[
        bool, Described("Whether to replace the password of an access that exists", True)
    ] = False


_USERNAME = Described("The consumer's user of the broker", "consumer-bank_north")
_QUEUE = Described("The queue that it may read", "customer_notification_bank_north")


class BrokerAccessMade(TypedDict):
    """The credentials, this once; `state` is `pending` while the broker does not know them."""

    username: Annotated[str, _USERNAME]
    password: Annotated[str, Described("The password in clear", "<43 letters and digits, - and _>")]
    url: Annotated[
        str, Described("The broker, without credentials", "amqps://broker.example.com:5671/%2F")
    ]
    queue: Annotated[str, _QUEUE]
    state: BrokerAccessState


class BrokerAccessRevoked(TypedDict):
    """`revocation pending` while the broker is away: then the old password may still work."""

    state: BrokerAccessState


class BrokerAccessData(TypedDict):
    """A consumer's access; `connected` is as of `observed_at`, null before the first look."""

    username: Annotated[str, _USERNAME]
    queue: Annotated[str, _QUEUE]
    state: BrokerAccessState
    made_at: Annotated[datetime, Described("When the password was made", "2026-11-20T16:34:37Z")]
    revoked_at: datetime | None
    connected: bool | None
    connection_count: int | None
    observed_at: datetime | None
