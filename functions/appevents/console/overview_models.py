"""What requests about the overview take and what their answers give."""

from datetime import datetime
from typing import Annotated, Literal

from typing_extensions import TypedDict

from chalicelib.appevents.ops.models import Service
from fintegrate.http.validation import Described, RequestModel

Level = Literal["ok", "warn", "bad"]
Side = Literal["ours", "broker"]
_COUNT = Described("How many, counted up to 50,000", 12)
_AGE = Described("The age of the oldest in seconds, null if there is none", 240)
_NOT_HERE = Described("This system has no such place", None)


class OverviewRequest(RequestModel):
    """Of which stream; all, if it is left out."""

    stream: Service | None = None


class Verdict(TypedDict):
    """Everything in one sentence."""

    level: Level
    sentence: Annotated[str, Described("The sentence", "1 thing needs you.")]
    count: Annotated[int, Described("How many entries need attention", 1)]


class Attention(TypedDict):
    """A condition that is met, of a stream, of many together, or of the whole system."""

    condition: Annotated[str, Described("Its name in the table of conditions", "dead_letters")]
    level: Literal["warn", "bad"]
    title: Annotated[str, Described("What and whose", "machine: dead letters")]
    sentence: Annotated[str, Described("How much, and since when", "3 could not be acted on.")]
    stream: Annotated[str | None, Described("The function", "machine")]
    stream_name: Annotated[str | None, Described("Its name", "machine")]
    since: Annotated[datetime | None, Described("Since when", "2026-11-26T02:06:00+00:00")]
    side: Side
    heals: Annotated[bool, Described("Whether it heals by itself", False)]
    healing: Annotated[str, Described("How, or why not", "not by itself")]
    caught_up_in_seconds: Annotated[int | None, Described("Nobody can tell here", None)]
    count: Annotated[int | None, _COUNT]
    view: Annotated[
        str, Described("The console's address after # and the system", "/failures?stream=machine")
    ]
    act: Annotated[str | None, Described("What to do about it", "Send again")]
    runbook: Annotated[str, Described("What to do", "docs/appevents/operations.md#dead-letters")]


class Passed(TypedDict):
    """How many passed a point."""

    last_minute: Annotated[int, Described("In the last 60 seconds", 41)]


class Waiting(TypedDict):
    """How many wait at a place."""

    count: Annotated[int, _COUNT]
    oldest_seconds: Annotated[int | None, _AGE]


class Failed(TypedDict):
    """What failed."""

    publish_failed: Annotated[None, Described("Publishing is never given up", None)]
    delivery_failed: Annotated[
        int, Described("Rejected in 24 hours, of which no dead letter lies there", 0)
    ]
    dead_letters: Annotated[int, Described("Dead letters that nobody has sent again", 0)]


class Pipeline(TypedDict):
    """The way of events, with where they wait."""

    committed: Passed
    outbox: Waiting
    held_back: Annotated[None, _NOT_HERE]
    published: Annotated[None, _NOT_HERE]
    queue: Waiting
    received: Annotated[None, _NOT_HERE]
    bank: Annotated[None, _NOT_HERE]
    processed: Passed
    failed: Failed


class StreamRow(TypedDict):
    """A function that a queue triggers. What nobody knows is null."""

    stream: Service
    name: Annotated[str, Described("Its name", "machine")]
    status: Literal["active"]
    level: Level
    side: Side | None
    sentence: Annotated[str, Described("How it is", "Nothing waits")]
    pending: Annotated[int, Described("Accepted and not published", 0)]
    held_back: Annotated[None, _NOT_HERE]
    in_queue: Annotated[
        int | None, Described("Published without an outcome; uploads that are not processed", 2)
    ]
    queue_depth: Annotated[int | None, Described("Messages ready in its queue", 2)]
    readers: Annotated[int | None, Described("How many read its queue", 1)]
    observed_at: Annotated[
        datetime | None, Described("When the queue was looked at", "2026-11-26T02:46:40+00:00")
    ]
    lag_p95_ms: Annotated[
        int | None, Described("Acceptance to outcome, p95 of 15 minutes, in milliseconds", 300)
    ]
    publish_failed: Annotated[None, Described("Publishing is never given up", None)]
    delivery_failed: Annotated[
        int | None,
        Described("Rejected in 24 hours and no dead letter; uploads that failed in 24 hours", 0),
    ]
    dead_letters: Annotated[int, Described("Dead letters that nobody has sent again", 0)]
    oldest_pending_seconds: Annotated[int | None, _AGE]
    oldest_in_queue_seconds: Annotated[int | None, _AGE]
    spark: Annotated[
        list[int | None], Described("Outcomes in each minute of the last hour", [3, 4, None])
    ]


class Server(TypedDict):
    """A server, as the answering process sees it."""

    name: Annotated[str, Described("Which", "database")]
    status: Literal["up", "down"]
    latency_ms: Annotated[int | None, Described("Milliseconds until it answered", 1)]


class ScheduleLine(TypedDict):
    """A schedule and its last run."""

    name: Annotated[str, Described("Which", "app_resend")]
    status: Literal["on_time", "failing", "late"]
    last_success_at: Annotated[
        datetime | None, Described("When one last succeeded", "2026-11-26T02:47:00+00:00")
    ]
    error: Annotated[str | None, Described("The kind of the last run's error", None)]


class SystemShown(TypedDict):
    """Servers and schedules."""

    servers: list[Server]
    breaker: Literal["closed", "open", "half_open"]
    schedules: list[ScheduleLine]
    reconciliation: Annotated[
        None, Described("No schedule counts; `GET /api/v1/ops/reconcile` does", None)
    ]


class MinutePoint(TypedDict):
    """What happened in a minute. What nobody has counted is null."""

    at: Annotated[datetime, Described("Its beginning", "2026-11-26T02:46:00+00:00")]
    committed: Annotated[int | None, Described("Events that were accepted", 41)]
    processed: Annotated[int | None, Described("Outcomes that were written down", 40)]
    failed: Annotated[
        int | None, Described("Refusals that were written down; of one stream null", 0)
    ]


class Overview(TypedDict):
    """Everything that the first screen draws. Its `ETag` says nothing of `as_of`."""

    as_of: Annotated[datetime, Described("When it was read", "2026-11-26T02:47:12+00:00")]
    verdict: Verdict
    attention: list[Attention]
    pipeline: Pipeline
    streams: list[StreamRow]
    system: SystemShown
    last_hour: list[MinutePoint]
