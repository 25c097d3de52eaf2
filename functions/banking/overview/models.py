"""What requests about the overview take and what their answers give."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from typing_extensions import TypedDict

from chalicelib.banking.fields import ConsumerId
from fintegrate.console.servers import SystemHealth
from fintegrate.http.validation import Described, Instant, RequestModel

Level = Literal["ok", "warn", "bad"]
Side = Literal["ours", "broker", "bank"]
_COUNT = Described("How many", 12)
_SINCE = Described("Since when", "2026-11-26T02:06:00+00:00")
_AGE = Described("The age of the oldest in seconds, null if there is none", 240)


def _number(value: object) -> object:
    """The number of a query's text; what is none stays, to be refused."""
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 9 else value


class OverviewRequest(RequestModel):
    """Of which stream: a tenant sees its own, the admin all, or one."""

    consumer_id: ConsumerId | None = None


class SeriesRequest(OverviewRequest):
    """Which part of the history, in steps of a minute or an hour."""

    from_: Annotated[
        Instant, Field(alias="from"), Described("The first point", "2026-11-26T01:00:00Z")
    ]
    to: Annotated[Instant, Described("The end, which has no point", "2026-11-26T02:00:00Z")]
    step: Annotated[
        Literal[60, 3600], BeforeValidator(_number), Described("Seconds from point to point", 60)
    ] = 60

    @model_validator(mode="after")
    def _has_few_points(self) -> Self:
        seconds = (self.to - self.from_).total_seconds()
        if seconds <= 0:
            raise ValueError("from must be before to")
        if seconds > 1_440 * self.step:
            raise ValueError("from and to may be 1440 steps apart; take hours as steps, or a part")
        return self


class Verdict(TypedDict):
    """Everything in one sentence."""

    level: Level
    sentence: Annotated[str, Described("The sentence", "Nothing is lost. 2 things need you.")]
    count: Annotated[int, Described("How many entries need attention", 2)]


class Attention(TypedDict):
    """A condition that is met, of a stream, of many together, or of the whole system."""

    condition: Annotated[str, Described("Its name in the table of conditions", "held_back")]
    level: Literal["warn", "bad"]
    title: Annotated[str, Described("What and whose", "first_bank: customers stand still")]
    sentence: Annotated[str, Described("How much and for how long", "7 held back for 11 minutes.")]
    consumer_id: ConsumerId | None
    consumer_name: Annotated[str | None, Described("The consumer's name", "first_bank")]
    since: Annotated[datetime | None, _SINCE]
    side: Side
    heals: Annotated[bool, Described("Whether it heals by itself", True)]
    healing: Annotated[str, Described("How, or why not", "by itself, once the broker is back")]
    caught_up_in_seconds: Annotated[
        int | None, Described("Seconds until it is over, at the pace of the last minutes", 3_540)
    ]
    count: Annotated[int | None, _COUNT]
    view: Annotated[str, Described("The console's address after #", "/events?state=held_back")]
    act: Annotated[str | None, Described("What to do about it", "Send again")]
    runbook: Annotated[str, Described("What to do", "docs/banking/operations.md#broker-away")]


class Passed(TypedDict):
    """How many passed a point."""

    last_minute: Annotated[int, Described("In the last 60 seconds", 41)]
    last_hour: Annotated[int | None, Described("In the last hour, null if nobody counted", 2_460)]


class Waiting(TypedDict):
    """How many wait at a place."""

    count: Annotated[int, _COUNT]
    oldest_seconds: Annotated[int | None, _AGE]


class Failed(TypedDict):
    """What failed, and stays so until somebody acts."""

    publish_failed: Annotated[int, Described("Given up after the last try", 0)]
    delivery_failed: Annotated[int, Described("Failed by the bank's word", 0)]
    dead_letters: Annotated[int, Described("Ended as dead letters", 0)]
    unmatched: Annotated[int, Described("Dead letters that match no event", 0)]


class Pipeline(TypedDict):
    """The way of the events, with where they wait."""

    committed: Passed
    outbox: Waiting
    held_back: Waiting
    published: Passed
    queue: Waiting
    bank: Waiting
    processed: Passed
    failed: Failed


class Stream(TypedDict):
    """A bank. What nobody knows is null."""

    stream: ConsumerId
    consumer_id: ConsumerId
    name: Annotated[str, Described("The consumer's name", "first_bank")]
    status: Literal["active", "deactivated"]
    webhook_state: Annotated[
        Literal["open", "waiting", "failing", "blocked"] | None,
        Described("How its server does; null of a bank that reads its queue", None),
    ]
    level: Level
    side: Side | None
    sentence: Annotated[str, Described("How it is", "Keeping up")]
    pending: Annotated[int, Described("In our outbox", 0)]
    held_back: Annotated[int, Described("Of these, behind another of their customer", 0)]
    in_queue: Annotated[int, Described("Published and not confirmed", 12)]
    received: Annotated[int, Described("Received by the bank and not processed", 0)]
    publish_failed: Annotated[int, Described("Given up after the last try", 0)]
    delivery_failed: Annotated[int, Described("Failed by the bank's word", 0)]
    dead_letters: Annotated[int, Described("Ended as dead letters", 0)]
    queue_depth: Annotated[int | None, Described("Messages ready in the queue", 12)]
    readers: Annotated[int | None, Described("Programs that read the queue", 1)]
    observed_at: Annotated[
        datetime | None, Described("When the queue was looked at", "2026-11-26T02:46:40+00:00")
    ]
    lag_p95_ms: Annotated[
        int | None, Described("Commit to processed, p95 of 15 minutes, in milliseconds", 300)
    ]
    committed_24h: Annotated[int | None, Described("Committed in 24 hours", 81_204)]
    processed_24h: Annotated[int | None, Described("Processed in 24 hours", 81_190)]
    key_expires_at: Annotated[
        datetime | None, Described("The end of the newest key", "2027-06-26T00:00:00+00:00")
    ]
    spark: Annotated[
        list[int | None], Described("Processed in each minute of the last hour", [3, 4, None])
    ]


class MinutePoint(TypedDict):
    """What happened in a minute. What nobody has counted is null."""

    at: Annotated[datetime, Described("Its beginning", "2026-11-26T02:46:00+00:00")]
    committed: Annotated[int | None, Described("Events written", 41)]
    published: Annotated[int | None, Described("Events that the broker confirmed", 41)]
    received: Annotated[int | None, Described("Events with a first word of the bank", 40)]
    processed: Annotated[int | None, Described("Events that the bank called processed", 40)]
    failed: Annotated[int | None, Described("By the bank's word, or as dead letters", 0)]
    redelivered: Annotated[int | None, Described("Events sent again", 0)]


class Overview(TypedDict):
    """Everything that the first screen draws. Its `ETag` says nothing of `as_of`."""

    as_of: Annotated[datetime, Described("When it was read", "2026-11-26T02:47:12+00:00")]
    verdict: Verdict
    attention: list[Attention]
    pipeline: Pipeline
    streams: list[Stream]
    system: SystemHealth
    last_hour: list[MinutePoint]


class SeriesPoint(MinutePoint):
    """A point of the history: sums of what happened, the most of what waited."""

    pending: Annotated[int | None, Described("In our outbox", 0)]
    held_back: Annotated[int | None, Described("Behind another of their customer", 0)]
    undelivered: Annotated[int | None, Described("Published and not confirmed", 12)]
    oldest_pending_seconds: Annotated[float | None, Described("Age of the oldest", None)]
    oldest_undelivered_seconds: Annotated[float | None, Described("Age of the oldest", 1.0)]
    queue_depth: Annotated[int | None, Described("Messages ready in the queues", 12)]
    readers: Annotated[int | None, Described("Programs that read; by the hour the least", 1)]
    publish_lag_p95_ms: Annotated[int | None, Described("Commit to confirm, milliseconds", 8)]
    process_lag_p95_ms: Annotated[int | None, Described("Commit to processed, milliseconds", 300)]


class Series(TypedDict):
    """The history in steps."""

    step: Literal[60, 3600]
    points: list[SeriesPoint]
