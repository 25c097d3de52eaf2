"""What requests about a bank's way of delivery take and what their answers give."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from typing_extensions import TypedDict

from chalicelib.banking.fields import ConsumerId
from fintegrate.console.acts import WithReason
from fintegrate.http.validation import Described, RequestModel, Text

URL = Described("Where the bank is called: https, a public address", "https://bank.example/events")
IN_FLIGHT = Described("How many customers are called for at a time", 10)
TIMEOUT = Described("How long the bank may take to answer, in seconds", 10)
SECRET = Described(
    "Signs each call by Standard Webhooks; null unless it was made just now", "whsec_<base64>"
)
Delivery = Annotated[
    Literal["queue", "webhook"],
    Described("Whether the bank reads its queue or is called", "webhook"),
]
UNTIL = Described("Until when the former secret signs, too", "2026-11-28T16:34:37Z")

_OF_A_WEBHOOK = {"url", "max_in_flight", "timeout_seconds"}


class DeliverySettings(RequestModel):
    """How a bank is to get its events; the further fields go with `webhook`."""

    delivery: Annotated[
        Literal["queue", "webhook"], Described("Reads its queue, or is called", "queue")
    ]
    url: Annotated[Text, Field(max_length=2000), URL] | None = None
    max_in_flight: Annotated[int, Field(ge=1, le=100), IN_FLIGHT] = 10
    timeout_seconds: Annotated[int, Field(ge=1, le=30), TIMEOUT] = 10

    @model_validator(mode="after")
    def _only_a_webhook_has_an_address(self) -> Self:
        if self.delivery == "webhook" and self.url is None:
            raise ValueError("url is required for a webhook")
        if self.delivery == "queue" and self.model_fields_set & _OF_A_WEBHOOK:
            raise ValueError("url, max_in_flight and timeout_seconds only go with a webhook")
        return self


class DeliveryChoice(DeliverySettings, WithReason):
    """How a bank is to get its events from now on."""

    consumer_id: ConsumerId
    rewind: Annotated[
        bool, Described("Whether to begin a rewind if events wait or are not confirmed", False)
    ] = False


class DeliveryChosen(TypedDict):
    """How the bank gets its events now; the secret in clear, this once."""

    consumer_id: ConsumerId
    delivery: Delivery
    url: Annotated[str | None, URL]
    max_in_flight: Annotated[int | None, IN_FLIGHT]
    timeout_seconds: Annotated[int | None, TIMEOUT]
    secret: Annotated[str | None, SECRET]
    rewind_job_id: Annotated[
        UUID | None, Described("The rewind that sends what was not confirmed", None)
    ]


class SecretRotated(TypedDict):
    """The new secret in clear, this once."""

    consumer_id: ConsumerId
    secret: Annotated[str, SECRET]
    former_secret_until: Annotated[datetime, UNTIL]


class DeliveryData(TypedDict):
    """How a bank gets its events, and how its server does; all but the first two null for a queue."""

    consumer_id: ConsumerId
    delivery: Delivery
    url: Annotated[str | None, URL]
    max_in_flight: Annotated[int | None, IN_FLIGHT]
    timeout_seconds: Annotated[int | None, TIMEOUT]
    secret_made_at: Annotated[
        datetime | None, Described("When the secret was made", "2026-11-27T16:34:37Z")
    ]
    former_secret_until: Annotated[datetime | None, UNTIL]
    state: Annotated[
        Literal["open", "waiting", "failing", "blocked"] | None,
        Described("How the bank's server does; only `open` is called freely", "open"),
    ]
    reason: Annotated[str | None, Described("Why it is not open", None)]
    since: Annotated[datetime | None, Described("Since when it is so", "2026-11-27T16:34:37Z")]
    next_try_at: Annotated[
        datetime | None, Described("When it is called again, while it is not open", None)
    ]
    last_delivered_at: Annotated[
        datetime | None, Described("When it last took an event", "2026-11-27T16:34:37Z")
    ]
    in_flight_count: Annotated[int | None, Described("The calls that are under way", 0)]


class DeliveryTested(TypedDict):
    """What the bank's server answered to a test event."""

    outcome: Annotated[
        Literal[
            "delivered",
            "refused",
            "configuration",
            "overload",
            "outage",
            "unknown",
            "fault",
            "postponed",
            "waiting",
        ],
        Described(
            "What the answer means. `waiting`: the function that calls banks has not come to it",
            "delivered",
        ),
    ]
    message: Annotated[str | None, Described("What the bank said, without secrets", "processed")]
    http_status: Annotated[int | None, Described("The status of the answer", 200)]
    duration_ms: Annotated[int | None, Described("How long it took", 41)]
