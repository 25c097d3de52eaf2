"""What an adapter takes and gives: events become a request, an answer becomes a verdict.

Events, destinations and requests hold personal data and secrets. Their `repr` shows neither, and
`json` cannot write them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from chalicelib.relay.delivery.fields import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An accepted event as its row has it, opened for one delivery.

    Attributes:
        id: the row's id
        dedup_id: the sender's `event_id`, else `order_id:event_type`; it never changes
        event_time: in UTC
        value: in major units of `currency`
        contents: items as `contents_of` makes them
        match_keys: hashes by the names of `match_keys`
        private: client ids by the names of `client_ids`, and `city`, `state`, `country`; plain
        consent: as `consent_of` makes it
        extra: further keys of the sender, free of addresses
    """

    id: int
    dedup_id: str
    event_id: str
    order_id: str | None
    event_type: str
    event_time: datetime
    value: Decimal | None = None
    currency: str | None = None
    contents: Sequence[Mapping[str, Any]] = ()
    match_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    private: Mapping[str, str] = field(default_factory=dict, repr=False)
    consent: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One platform of one storefront.

    Attributes:
        id: names the destination for ever, such as its lane; without a full stop
        adapter: the adapter's name
        settings: as stored; checked by `fields.wrong_fields`
        credentials: opened by the caller for this request
    """

    id: str
    adapter: str
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to send. `secrets` are the texts that no log and no stored answer may hold."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, whole or cut at the client's bound. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


class Kind(StrEnum):
    """What an answer means for the request's events and for their lane.

    Attributes:
        DELIVERED: the platform has them all
        EACH: `Verdict.events` says it one by one, in the order of the request
        HALVE: one of them or more is at fault, nobody says which; a request of one is never halved
        EVENT_REFUSED: the only one is refused for good
        CONFIGURATION_REFUSED: nothing of this lane can go until somebody mends it
        OVERLOAD: later, as told
        OUTAGE: the platform is not well
    """

    DELIVERED = "delivered"
    EACH = "each"
    HALVE = "halve"
    EVENT_REFUSED = "event_refused"
    CONFIGURATION_REFUSED = "configuration_refused"
    OVERLOAD = "overload"
    OUTAGE = "outage"


class EventVerdict(NamedTuple):
    """What became of one event of a request whose answer speaks of each."""

    delivered: bool
    code: str | None = None
    words: str = ""


class Verdict(NamedTuple):
    """What an answer means. Network failures, which are no answer, are the caller's.

    Attributes:
        code: the platform's own code
        words: the platform's words, at most 500 characters; the caller takes secrets out
        reason: why a lane is blocked: `credential`, `permission`, `account`, `address`, `gone`
        wait: seconds that the platform asked for, at most a day
        events: one for each event, for `Kind.EACH` only
        unclassified: no rule of the platform names this answer; it counts by its status class
    """

    kind: Kind
    code: str | None = None
    words: str = ""
    reason: str | None = None
    wait: int | None = None
    events: tuple[EventVerdict, ...] = ()
    unclassified: bool = False


class Adapter(Protocol):
    """The functions and constants of a module in `adapters`.

    Attributes:
        CREDENTIALS: the secret fields; SETTINGS: the further settings beside the common ones
        AGE_LIMIT: older events are not sent; DEDUP_WINDOW: how long a second copy does no harm
        BATCH: the most events of a request
        CONCURRENCY: requests under way at once, for a lane
        REQUESTS_PER_MINUTE: for an account
        TIMEOUT: seconds for a whole request
    """

    CREDENTIALS: Mapping[str, Field]
    SETTINGS: Mapping[str, Field]
    AGE_LIMIT: timedelta
    DEDUP_WINDOW: timedelta | None
    BATCH: int
    CONCURRENCY: int
    REQUESTS_PER_MINUTE: int
    TIMEOUT: int

    def account(self, destination: Destination) -> str:
        """Who is throttled: two destinations of one account share its limit."""

    def skip_reason(self, event: Event, destination: Destination) -> str | None:
        """Why the event is not to be sent there, or None; its age is `delivery.age`'s matter."""

    def group(self, events: Sequence[Event], destination: Destination) -> list[list[Event]]:
        """Part events that may be sent into those that one request may hold, in their order."""

    def compose(self, events: Sequence[Event], destination: Destination, now: datetime) -> Request:
        """The request for events that `skip_reason` passed and `group` put together."""

    def judge(self, answer: Answer, count: int, now: datetime) -> Verdict:
        """What the answer to a request of `count` events means. Never raises."""

    def test_request(self, destination: Destination, now: datetime) -> Request:
        """A request with one invented event in the platform's test mode.

        Raises:
            WrongValue: the platform has none without a setting; the text names it.
        """
