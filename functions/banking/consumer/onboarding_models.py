"""What requests about onboardings take and what their answers give."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.banking.consumer.models import (
    BrokerAccessMade,
    ConsumerName,
    DisplayName,
    MessageFormat,
)
from chalicelib.banking.fields import ConsumerId
from chalicelib.banking.webhooks.models import (
    IN_FLIGHT,
    SECRET,
    TIMEOUT,
    URL,
    Delivery,
    DeliverySettings,
)
from fintegrate.console.acts import WithReason
from fintegrate.http.cursors import Cursor, Limit, NextCursor
from fintegrate.http.validation import Described, RequestModel

OnboardingState = Annotated[
    Literal["running", "ready", "undoing", "done", "undone"],
    Described(
        "`ready`: all but the secrets is made, and the same request again answers them; `undoing`: a "
        "step has failed for good",
        "done",
    ),
]


_DAYS = Described("Days until the bank's key expires", 365)


class NewOnboarding(DeliverySettings):
    """A bank to onboard. The same request again goes on with an onboarding that is not finished."""

    consumer_name: ConsumerName
    delivery: Delivery = "queue"
    message_format: MessageFormat = "json"
    display_name: DisplayName | None = None
    expires_in_days: Annotated[int, Field(ge=1, le=3650), _DAYS] = 365


class OnboardingStep(TypedDict):
    """A step and what became of it; `at`: when that was written down."""

    name: Annotated[str, Described("`consumer`, `queues`, `broker_user` or `key`", "queues")]
    state: Annotated[
        Literal["open", "done", "failed", "undone"], Described("What became of it", "done")
    ]
    at: datetime | None


class OnboardingData(TypedDict):
    """What was asked for and where it stands. `reason`: why it waits, or why it is undone.

    Who sends what was asked for again gets the secrets, when all else is made.
    """

    consumer_id: ConsumerId
    consumer_name: ConsumerName
    display_name: DisplayName | None
    delivery: Delivery
    url: Annotated[
        str | None,
        Described("Where the bank is to be called; null once it is done, or undone", URL.example),
    ]
    max_in_flight: Annotated[int | None, IN_FLIGHT]
    timeout_seconds: Annotated[int | None, TIMEOUT]
    message_format: MessageFormat
    expires_in_days: Annotated[int, _DAYS]
    state: OnboardingState
    steps: list[OnboardingStep]
    tries: Annotated[int, Described("How often the next step was tried in vain", 0)]
    reason: Annotated[str | None, Described("Why it waits, or why it is undone", None)]
    next_try_at: datetime | None
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None


class Onboarded(OnboardingData, total=False):
    """The onboarding, and when it is done the secrets, this once."""

    api_key: Annotated[str, Described("The bank's key in clear", "fk_<public id>_<secret>")]
    broker_access: BrokerAccessMade
    webhook_secret: Annotated[str, SECRET]


class OnboardingQuestion(RequestModel):
    """Which onboarding: that of a consumer, or the newest one of a name. One of both is required."""

    consumer_id: ConsumerId | None = None
    consumer_name: ConsumerName | None = None


class OnboardingToGiveUp(WithReason):
    """An onboarding that is not finished and should be undone."""

    consumer_id: ConsumerId


class OnboardingListing(RequestModel):
    """Which onboardings to list."""

    state: OnboardingState | None = None
    limit: Limit = 50
    cursor: Annotated[Cursor, Field(max_length=200)] | None = None


class OnboardingPage(TypedDict):
    """Onboardings, newest first."""

    onboardings: list[OnboardingData]
    next_cursor: NextCursor
