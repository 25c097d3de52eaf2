"""What the console's stand-in answers for the relay and for app.events, in banking's shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tests.support.console_data import Asked, Told, audit, iso, minutes, wave


class Row(NamedTuple):
    """An event of a further system: what became of it, of which stream, and what its sender calls it."""

    state: str
    stream: int
    event_type: str
    reason: str | None
    tries: int
    own_id: str
    event_id: str


class Stream(NamedTuple):
    """A destination, or a function."""

    stream: str
    name: str
    level: str
    sentence: str
    side: str | None
    pending: int
    held_back: int | None
    in_queue: int | None
    delivery_failed: int
    dead_letters: int


class Further(NamedTuple):
    """A system beside the first one: its streams, events, steps and what is known of an event."""

    sentence: str
    streams: list[Stream]
    attention: list[dict[str, Any]]
    pipeline: dict[str, Any]
    rows: list[Row]
    steps: list[tuple[str, str, str, str | None, float]]
    durations: dict[str, int | None]
    facts: dict[str, str]
    reconciliation: dict[str, Any] | None


TOKEN = "Error validating access token: it has expired"
LIMIT = "HTTP 429 (4): Application request limit reached"


def _passed(last_minute: int) -> dict[str, Any]:
    return {"last_minute": last_minute, "last_hour": last_minute * 58}


def _waits(count: int, oldest: int | None) -> dict[str, Any]:
    return {"count": count, "oldest_seconds": oldest}


RELAY = Further(
    sentence="Nothing is lost. One destination needs you.",
    streams=[
        Stream(
            "12",
            "bosley → meta",
            "bad",
            "Blocked: its token has expired",
            "bank",
            812,
            812,
            None,
            0,
            3,
        ),
        Stream("14", "bosley → tiktok", "warn", "Waits until 10:12", "bank", 40, 40, None, 4, 0),
        Stream("13", "bosley → ga4", "ok", "Keeping up", None, 2, 0, None, 0, 0),
        Stream("21", "keeps → webhook", "info", "Paused by an admin", "ours", 7, 7, None, 0, 0),
    ],
    attention=[
        {
            "condition": "lane_blocked",
            "level": "bad",
            "title": "bosley → meta is blocked",
            "sentence": "For 52 minutes the receiver has refused the token; 812 wait.",
            "stream": "12",
            "stream_name": "bosley → meta",
            "since": iso(3120),
            "side": "bank",
            "heals": False,
            "healing": "not by itself: mend the credential or the settings",
            "caught_up_in_seconds": None,
            "count": 812,
            "act": "Look at what waits",
            "view": "/events?stream=12&states=held_back",
            "runbook": "docs/relay/operations.md#when-a-lane-is-not-open",
        },
    ],
    pipeline={
        "committed": _passed(410),
        "outbox": _waits(2, 3),
        "held_back": _waits(859, 3120),
        "published": None,
        "queue": None,
        "received": None,
        "bank": _waits(859, 3120),
        "processed": _passed(370),
        "failed": {"publish_failed": None, "delivery_failed": 4, "dead_letters": 3},
    },
    rows=[
        Row("delivered", 2, "purchase_completed", None, 1, "2025010100001111", "4711-13"),
        Row("held_back", 0, "purchase_completed", TOKEN, 0, "2025010100001111", "4711-12"),
        Row("failed", 1, "consult_started", LIMIT, 9, "2025010100001112", "4712-14"),
        Row("waiting", 2, "rx_issued", None, 0, "2025010100001113", "4713-13"),
        Row(
            "expired",
            0,
            "purchase_completed",
            "older than 7 days",
            4,
            "2025010100000007",
            "4007-12",
        ),
        Row("skipped", 1, "checkout_started", "consent_denied", 0, "2025010100001114", "4714-14"),
    ],
    steps=[
        ("accepted", "POST: /v1/events", "accepted", None, 0.0),
        ("attempt", "relay_deliver", "failed", f"{LIMIT}, 41 ms", 0.4),
        ("throttled", "relay_deliver", "waiting", "Retry-After: 30", 0.5),
        ("attempt", "relay_deliver", "delivered", "HTTP 200, 88 ms", 31.0),
        ("delivered", "relay_deliver", "delivered", None, 31.1),
    ],
    durations={
        "ours_ms": 400,
        "held_back_ms": 30_000,
        "queue_ms": None,
        "bank_ms": 700,
        "total_ms": 31_100,
    },
    facts={
        "HTTP status": "200",
        "Latency": "88 ms",
        "Deduplication id": "2025010100001111:purchase",
    },
    reconciliation={"taken_at": iso(960), "balanced": True, "discrepancies": 0},
)
LETTER = "0b9c4c0e-4b6b-4a57-9d55-0d6c0d1c2f10"
_USER = "7b0f2c7e-2222-4222-8222-00000000c1d9"


def app_id(index: int) -> str:
    return f"5c1d0000-7b1c-4f3e-9f9a-{index:012x}.{_USER}"


APPEVENTS = Further(
    sentence="Nothing is lost. Dead letters of one function need you.",
    streams=[
        Stream("machine", "machine", "bad", "3 dead letters", "ours", 0, None, 4, 2, 3),
        Stream("processing", "processing", "warn", "Is behind", "ours", 0, None, 18, 1, 0),
        Stream("program", "program", "ok", "Keeping up", None, 1, None, 2, 0, 0),
    ],
    attention=[
        {
            "condition": "dead_letters", "level": "warn", "title": "machine: dead letters",
            "sentence": "3 could not be acted on, the oldest since 2 hours.",
            "stream": "machine", "stream_name": "machine", "since": iso(7200), "side": "ours",
            "heals": False, "healing": "not by itself: somebody has to send them again",
            "caught_up_in_seconds": None, "count": 3, "act": "Send again",
            "view": "/failures?stream=machine",
            "runbook": "docs/appevents/operations.md#dead-letters",
        },
    ],
    pipeline={
        "committed": _passed(96), "outbox": _waits(1, 2), "held_back": None, "published": None,
        "queue": _waits(24, 180), "received": None, "bank": None, "processed": _passed(90),
        "failed": {"publish_failed": None, "delivery_failed": 3, "dead_letters": 3},
    },
    rows=[
        Row("processed", 2, "program.workout.logged", None, 1, _USER, app_id(0)),
        Row("dead_lettered", 0, "machine.note.saved", "gave_up", 5, _USER, app_id(1)),
        Row("rejected", 2, "program.saved", "version_conflict", 1, _USER, app_id(2)),
        Row("in_queue", 0, "machine.prefs.changed", None, 0, _USER, app_id(3)),
        Row("waiting", 0, "machine.note.saved", None, 1, _USER, app_id(4)),
        Row("processing", 1, "upload", None, 1, _USER, "upload-9c41d2e3"),
        Row("presigned", 1, "upload", None, 0, _USER, "upload-9c41d2e4"),
        Row("uploaded", 1, "upload", None, 0, _USER, "upload-9c41d2e5"),
        Row("failed", 1, "upload", "not_a_video", 1, _USER, "upload-9c41d2e6"),
    ],
    steps=[
        ("accepted", "POST: /notify/events", "accepted", None, 0.0),
        ("published", "app_resend", "confirmed", None, 2.0),
        ("dead_lettered", "machine", "dead_lettered", "gave_up: it may come later", 754.0),
        ("redriven", "operator", "redriven", None, 7200.0),
    ],
    durations={"ours_ms": 2000, "held_back_ms": None, "queue_ms": 752_000, "bank_ms": None,
               "total_ms": 754_000},
    facts={"user": _USER, "request": "8c1e-44", "dead letter": LETTER},
    reconciliation=None,
)  # fmt: skip
SYSTEMS = {"relay": RELAY, "appevents": APPEVENTS}
BASE = {"relay": "/relay", "appevents": "/app"}
TITLES = {"relay": "Relay", "appevents": "App events"}
LISTED = [{"name": name, "title": TITLES[name], "base_path": base} for name, base in BASE.items()]
"""As the session's answer names them."""


def overview(of: Further, stream: str | None = None) -> dict[str, Any]:
    return {
        "as_of": iso(),
        "verdict": {"level": "bad", "sentence": of.sentence, "count": len(of.attention)},
        "attention": of.attention,
        "pipeline": of.pipeline,
        "streams": [each for each in _streams(of) if stream in {None, each["stream"]}],
        "system": {
            "servers": [{"name": "database", "status": "up", "latency_ms": 1}],
            "breaker": "closed",
            "schedules": [
                {"name": "deliver", "status": "on_time", "last_success_at": iso(9), "error": None}
            ],
            "reconciliation": of.reconciliation,
        },
        "last_hour": minutes(),
    }


_LANES: dict[str, dict[str, Any]] = {
    "12": {"state": "blocked", "reason": TOKEN, "since": iso(3120), "next_try_at": iso(-420)},
    "13": {"state": "open", "reason": None, "since": iso(86400), "next_try_at": None},
    "14": {"state": "waiting", "reason": LIMIT, "since": iso(40), "next_try_at": iso(-20)},
    "21": {"state": "paused", "reason": None, "since": iso(900), "next_try_at": None},
}
"""What a destination's lane says of itself."""


def _streams(of: Further) -> list[dict[str, Any]]:
    unknown = ("publish_failed", "oldest_pending_seconds", "oldest_held_back_seconds")
    return [
        {
            **dict.fromkeys((*unknown, "oldest_failed_seconds")),
            **each._asdict(),
            "status": "active",
            "queue_depth": each.in_queue,
            "readers": None if each.in_queue is None else 1,
            "lag_p95_ms": 900 * (index + 1),
            **(_LANES.get(each.stream, {})),
            "spark": wave(90 - 20 * index, drop=38 if each.level == "bad" else 99),
        }
        for index, each in enumerate(of.streams)
    ]


def events(of: Further, seconds_ago: float = 3) -> list[dict[str, Any]]:
    return [
        {
            "event_id": row.event_id, "stream": of.streams[row.stream].stream,
            "stream_name": of.streams[row.stream].name, "sequence": None, "event_type": row.event_type,
            "state": row.state, "reason": row.reason, "created_at": iso(seconds_ago + 17 * index),
            "lag_ms": 240 + 37 * index if row.state in {"delivered", "processed"} else None,
            "try_count": row.tries, "own_id": row.own_id,
        }
        for index, row in enumerate(of.rows)
    ]  # fmt: skip


def _page(of: Further, query: Asked) -> dict[str, Any]:
    states, stream = query.get("states"), query.get("stream")
    rows = [
        each for each in events(of)
        if (states is None or each["state"] in states.split(","))
        and stream in {None, each["stream"]}
    ]  # fmt: skip
    counts = {"total": len(rows), "at_least": False, "truncated": False}
    return {"events": rows, "next_cursor": None, **counts}


def life(of: Further, query: Asked) -> dict[str, Any] | None:
    rows = [each for each in events(of) if each["event_id"] == query.get("event_id")]
    if not rows:
        return None
    begin = datetime.fromisoformat(rows[0]["created_at"])
    is_shown = query.get("payload") == "true"
    return {
        **rows[0],
        "timeline": [
            {"at": (begin + timedelta(seconds=after)).isoformat(), "step": step, "by": by}
            | {"outcome": outcome, "words": words}
            for step, by, outcome, words, after in of.steps
        ],
        "durations": of.durations,
        "facts": [{"name": name, "value": value} for name, value in of.facts.items()],
        "siblings": [
            {name: each[name] for name in ("event_id", "stream_name", "state")}
            for each in events(of)
            if of is RELAY and each["own_id"] == rows[0]["own_id"]
            and each["event_id"] != rows[0]["event_id"]
        ],
        "payload": {"order_id": rows[0]["own_id"], "value": "80.79"} if is_shown else None,
    }  # fmt: skip


def _failures(of: Further, query: Asked) -> dict[str, Any]:
    rows = [each for each in events(of) if each["reason"] and each["state"] != "held_back"]
    groups = [
        {
            "stream": each["stream"], "stream_name": each["stream_name"], "stage": each["state"],
            "event_type": each["event_type"], "reason": re.sub(r"\S*\d\S*", "#", each["reason"]),
            "events": 4 + index,
            "customers": None, "first_at": iso(9000), "last_at": each["created_at"],
            "sample_event_id": None if each["state"] == "dead_lettered" else each["event_id"],
        }
        for index, each in enumerate(rows)
        if query.get("stream") in {None, each["stream"]}
    ]  # fmt: skip
    return {"groups": groups, "rest": None, "truncated": False, "as_of": iso()}


def _audit(of: Further, _query: Asked) -> dict[str, Any]:
    """Banking's rows: their owners are credentials here, and no bank's data is met."""
    rows = [
        {
            **{name: value for name, value in row.items() if "consumer" not in name},
            "owner_id": "console",
        }
        for row in audit()["rows"]
    ]
    return {"rows": rows, "next_cursor": None}


def _found(of: Further, query: Asked) -> dict[str, Any]:
    ids = [each["event_id"] for each in events(of) if each["event_id"] == query.get("q")]
    hits = [{"kind": "event", "id": i, "title": i, "link": f"/event?event_id={i}"} for i in ids]
    return {"hits": hits}


REPLAYED = {
    "dry_run": True,
    "replay_id": None,
    "go_count": 4,
    "stay_count": 2,
    "unprotected_count": 0,
    "lanes": [
        {"lane_id": 14, "storefront": "bosley", "destination": "tiktok", "unprotected_count": 0}
        | {"go": {"failed": 4}, "stay": {"too_old": 2}}
    ],
    "warnings": [],
    "next_cursor": None,
}
USUAL: Mapping[str, Told] = {
    f"{BASE[name]}{path}": lambda _, query, told=told, of=of: told(of, query)
    for name, of in SYSTEMS.items()
    for path, told in {
        "/overview": lambda of, query: overview(of, query.get("stream")),
        "/events/list": _page,
        "/events/data": life,
        "/events/search": _found,
        "/events/failures": _failures,
        "/audit/list": _audit,
    }.items()
}
"""What each of their endpoints that is read answers usually."""


def done(path: str, body: dict[str, Any]) -> dict[str, Any] | None:
    """What an act of theirs answers; None if there is no such act."""
    if path == "/admin/v1/replay":
        return {**REPLAYED, "dry_run": body.get("dry_run", True)}
    if path.startswith("/admin/v1/lanes/"):
        return {"lane_id": int(path.rsplit("/", 1)[1]), **body}
    if path == "/api/v1/ops/dead-letters/redrive":
        if body.get("dry_run"):
            return {"redriven": 0, "left": 1 if "ids" in body else 250}
        return {"redriven": 3, "left": 0}
    return None


def owner(path: str) -> str | None:
    """The system that wants a pass for this path; None for the first one's."""
    first = path.split("/")[1]
    return {"relay": "relay", "admin": "relay", "app": "appevents", "api": "appevents"}.get(first)
