"""What the consoles' endpoints answer, of every system whose streams are no tenants.

`/overview`, `/events/list`, `/events/data` and `/events/failures` of a system have these shapes, below
its path. What a system has not is null. Leaves to the system which states, steps and reasons there are.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from typing_extensions import TypedDict

from fintegrate.console.servers import SystemHealth
from fintegrate.console.timeline import Step
from fintegrate.console.totals import AtLeast, Count
from fintegrate.http.cursors import NextCursor
from fintegrate.http.validation import Described

Level = Literal["ok", "info", "warn", "bad"]
Side = Literal["ours", "broker", "bank"]
StreamId = Annotated[str, Described("The stream's id", "12")]
StreamName = Annotated[str, Described("What to call the stream", "bosley → meta")]
EventId = Annotated[str, Described("The event's id in the console", "4711-12")]
EventType = Annotated[str | None, Described("The event's type", "purchase_completed")]
Reason = Annotated[str | None, Described("Why it is so; null where there is nothing to say", None)]
_COUNT = Described("How many", 12)
_AGE = Described("The age of the oldest in seconds, null if there is none", 240)
_AT = "2026-11-26T02:06:00+00:00"


class Verdict(TypedDict):
    """Everything in one sentence."""

    level: Level
    sentence: Annotated[str, Described("The sentence", "Nothing is lost. 2 things need you.")]
    count: Annotated[int, Described("How many entries need attention", 2)]


class StreamAttention(TypedDict):
    """A condition that is met, of a stream, of many together, or of the whole system."""

    condition: Annotated[str, Described("Its name in the table of conditions", "lane_blocked")]
    level: Literal["warn", "bad"]
    title: Annotated[str, Described("What and whose", "bosley → meta is blocked")]
    sentence: Annotated[str, Described("How much and for how long", "7 wait for 11 minutes.")]
    stream: Annotated[str | None, Described("The stream's id, null if it is of several", "12")]
    stream_name: Annotated[str | None, Described("What to call the stream", "bosley → meta")]
    since: Annotated[datetime | None, Described("Since when", _AT)]
    side: Side
    heals: Annotated[bool, Described("Whether it heals by itself", True)]
    healing: Annotated[str, Described("How, or why not", "by itself, once the receiver is back")]
    caught_up_in_seconds: Annotated[
        int | None, Described("Seconds until it is over, at the pace of the last minutes", None)
    ]
    count: Annotated[int | None, _COUNT]
    view: Annotated[
        str,
        Described("The console's address after # and the system", "/events?stream=12"),
    ]
    act: Annotated[str | None, Described("What to do about it", "Send again")]
    runbook: Annotated[str, Described("What to do", "docs/relay/operations.md#sending-again")]


class Passed(TypedDict):
    """How many passed a point."""

    last_minute: Annotated[
        int | None, Described("In the last 60 seconds, null if it was too many to count", 41)
    ]
    last_hour: Annotated[int | None, Described("In the last hour, null if not all counted", 2_460)]


class Waiting(TypedDict):
    """How many wait at a place."""

    count: Annotated[int, _COUNT]
    oldest_seconds: Annotated[int | None, _AGE]


class Failed(TypedDict):
    """What failed, and stays so until somebody acts."""

    publish_failed: Annotated[int | None, Described("Given up before it was sent", None)]
    delivery_failed: Annotated[int | None, Described("Refused by the receiver", 0)]
    dead_letters: Annotated[int | None, Described("Expired, or ended as dead letters", 0)]


class Pipeline(TypedDict):
    """The way of the events, with where they wait. A place that the system has not is null."""

    committed: Passed
    outbox: Waiting
    held_back: Waiting | None
    published: Passed | None
    queue: Waiting | None
    received: Passed | None
    bank: Waiting | None
    processed: Passed
    failed: Failed


class StreamShown(TypedDict):
    """A stream. What the system has not, or nobody knows, is null."""

    stream: StreamId
    name: StreamName
    status: Literal["active", "deactivated"]
    level: Level
    side: Side | None
    sentence: Annotated[str, Described("How it is", "Keeping up")]
    pending: Annotated[int, Described("What is not sent yet", 0)]
    held_back: Annotated[int | None, Described("Of these, what may not be sent now", 0)]
    in_queue: Annotated[int | None, Described("Published and not confirmed", None)]
    queue_depth: Annotated[int | None, Described("Messages ready in the queue", None)]
    readers: Annotated[int | None, Described("Programs that read the queue", None)]
    lag_p95_ms: Annotated[
        int | None, Described("From its acceptance to its end, p95 of the newest, ms", 300)
    ]
    publish_failed: Annotated[int | None, Described("Given up before it was sent", None)]
    delivery_failed: Annotated[int | None, Described("Refused by the receiver", 0)]
    dead_letters: Annotated[int | None, Described("Expired, or ended as dead letters", 0)]
    oldest_pending_seconds: Annotated[int | None, _AGE]
    oldest_held_back_seconds: Annotated[int | None, _AGE]
    oldest_failed_seconds: Annotated[int | None, _AGE]
    spark: Annotated[
        list[int | None], Described("Processed in each minute of the last hour", [3, 4, None])
    ]


class MinutePoint(TypedDict):
    """What happened in a minute. What nobody has counted is null."""

    at: Annotated[datetime, Described("Its beginning", "2026-11-26T02:46:00+00:00")]
    committed: Annotated[int | None, Described("Events accepted", 41)]
    processed: Annotated[int | None, Described("Events that arrived", 40)]
    failed: Annotated[int | None, Described("Events that failed for good", 0)]


class SystemOverview(TypedDict):
    """Everything that the first screen draws. Its `ETag` says nothing of `as_of`."""

    as_of: Annotated[datetime, Described("When it was read", "2026-11-26T02:47:12+00:00")]
    verdict: Verdict
    attention: list[StreamAttention]
    pipeline: Pipeline
    streams: list[StreamShown]
    system: SystemHealth
    last_hour: list[MinutePoint]


class EventShown(TypedDict):
    """An event in a list."""

    event_id: EventId
    stream: Annotated[str | None, Described("The stream's id", "12")]
    stream_name: Annotated[str | None, Described("What to call the stream", "bosley → meta")]
    sequence: Annotated[int | None, Described("Its place, where events have one", None)]
    event_type: EventType
    state: Annotated[str, Described("What became of it, in one word", "delivered")]
    reason: Reason
    created_at: Annotated[datetime, Described("When it was written", _AT)]
    lag_ms: Annotated[
        int | None,
        Described(
            "From its creation to its end, until now while it has none; null if it failed", 240
        ),
    ]
    try_count: Annotated[int, Described("How often it was tried", 1)]
    own_id: Annotated[str | None, Described("Its sender's own id", "2025010100001111")]


class EventsShown(TypedDict):
    """A page of events."""

    events: list[EventShown]
    next_cursor: NextCursor
    total: Count
    at_least: AtLeast
    truncated: Annotated[
        bool,
        Described(
            "Whether the search ended at its bound before the page was full; a page may be empty",
            False,
        ),
    ]


class Held(TypedDict):
    """How long each side held the event, in milliseconds; null for a place that the system has not."""

    ours_ms: Annotated[int | None, Described("With us, until it was sent first", 12)]
    held_back_ms: Annotated[int | None, Described("While it might not be sent", 0)]
    queue_ms: Annotated[int | None, Described("In a queue", None)]
    bank_ms: Annotated[int | None, Described("With the receiver, until its last word", 180)]
    total_ms: Annotated[int, Described("All of it", 192)]


class Fact(TypedDict):
    """Something to know of an event."""

    name: Annotated[str, Described("What it is", "HTTP status")]
    value: Annotated[str, Described("As text", "200")]


class Sibling(TypedDict):
    """The same event in another stream."""

    event_id: EventId
    stream_name: StreamName
    state: Annotated[str, Described("What became of it there", "delivered")]


class LifeShown(EventShown):
    """An event's whole life. `payload` is null unless it was asked for."""

    timeline: list[Step]
    durations: Held
    facts: list[Fact]
    siblings: list[Sibling]
    payload: Annotated[
        dict[str, object] | None, Described("What was sent, without user data", None)
    ]


class FailuresOfCause(TypedDict):
    """Failures of one stream with one cause. `reason`: without the numbers and ids in it."""

    failure_group: Annotated[str, Described("The group's id; stays the same", "9b2f6c0d4e8a1357")]
    stream: StreamId
    stream_name: StreamName
    stage: Annotated[str, Described("The state in which they ended", "failed")]
    event_type: EventType
    reason: Annotated[str, Described("The normalised reason", "HTTP #")]
    events: Annotated[int, _COUNT]
    customers: Annotated[int | None, Described("Of how many customers; null if unknown", None)]
    first_at: Annotated[datetime, Described("When the first one was written", _AT)]
    last_at: Annotated[datetime, Described("When the last one was written", _AT)]
    sample_event_id: EventId


class RestOfCauses(TypedDict):
    """What the smaller groups have together."""

    events: int
    groups: int


class CausesShown(TypedDict):
    """The largest groups, at most 200. `truncated`: there are more failures than were looked at."""

    groups: list[FailuresOfCause]
    rest: RestOfCauses | None
    truncated: bool
    as_of: datetime
