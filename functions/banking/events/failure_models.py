"""What a request for groups of failures takes, and what its answer gives."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.banking.events.life_models import BankName
from chalicelib.banking.events.models import ScopedRequest
from chalicelib.banking.events.topology import EventType
from chalicelib.banking.fields import ConsumerId, EventId
from fintegrate.http.validation import Described, Instant


class Failures(ScopedRequest):
    """Which failures to group: those of events since `from`."""

    begin: Annotated[
        Instant | None,
        Field(alias="from"),
        Described("Only events that were created since then", "2026-01-15T09:30:00+00:00"),
    ] = None


class FailureGroup(TypedDict):
    """Failures of one bank with one cause. `reason`: without the numbers, ids and addresses in it."""

    failure_group: Annotated[str, Described("The group's id; stays the same", "9b2f6c0d4e8a1357")]
    consumer_id: ConsumerId
    consumer_name: BankName
    stage: Literal["publish_failed", "delivery_failed", "dead_lettered"]
    event_type: EventType
    reason: Annotated[str, Described("The normalised reason", "the account # is blocked")]
    events: int
    customers: int
    first_at: datetime
    last_at: datetime
    sample_event_id: EventId


class RestOfFailures(TypedDict):
    """What the smaller groups have together."""

    events: int
    groups: int


class FailureGroups(TypedDict):
    """The largest groups, at most 200. `truncated`: there are more failures than were looked at."""

    groups: list[FailureGroup]
    rest: RestOfFailures | None
    truncated: bool
    as_of: datetime
