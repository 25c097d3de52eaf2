"""What the console's stand-in answers: six banks, one of them down, and what a night leaves behind."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.console_api import ConsoleApi

ADMIN = "00000000-0000-4000-8000-0000000000ad"
BANKS = [
    ("borealis_bank", "bad", "Nobody reads its queue", 1204, 100_000, None, 212, 0),
    ("first_bank", "warn", "Reads, but is behind", 0, 8310, 41_000, 0, 1),
    ("caldera_trust", "ok", "Keeping up", 0, 12, 300, 0, 1),
    ("delta_savings", "ok", "Keeping up", 0, 3, 200, 0, 2),
    ("eastern_credit", "bad", "Its server does not answer", 7, 0, 200, 4, 1),
    ("fjord_bank", "none", "Deactivated 3 days ago", 0, 0, None, 0, 0),
]
SERVERS = {2: "open", 4: "failing"}
"""The banks that are called, and how their servers do."""
REASON = "nacked by the broker: customer_notification_borealis_bank is full"
NAME = "John <script>alert(1)</script> Doe"
BIG = 12345678901234567890
"""A number that a browser's own would round."""
_STATES = [
    ("in_queue", 1, 4, "customer_status_change", 1, None),
    ("processed", 2, 1, "customer_creation", 1, None),
    ("held_back", 0, 6, "customer_status_change", 0, None),
    ("waiting", 0, 5, "customer_status_change", 1, REASON),
    ("processed", 3, 9, "customer_deletion", 1, None),
    ("delivery_failed", 4, 2, "customer_creation", 1, "KYC record locked by batch 20261126"),
    ("received", 1, 2, "customer_status_change", 2, None),
    ("publish_failed", 0, 3, "customer_creation", 10, "NO_ROUTE: customer_creation.borealis_bank"),
    ("dead_lettered", 0, 1, "customer_creation", 1, "expired after 24 h in the queue"),
    ("processed", 2, 3, "customer_status_change", 1, None),
]


def iso(seconds_ago: float = 0) -> str:
    """A time before now, as the API writes it."""
    return (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat()


def bank_id(index: int) -> str:
    return f"{index:08x}-1111-4111-8111-111111111111"


def event_id(index: int) -> str:
    return f"1f48c02e-7b1c-4f3e-9f9a-{index:012x}"


def customer_id(index: int) -> str:
    return f"{index:08x}-2222-4222-8222-222222222222"


def session(who: tuple[str, str], *, is_admin: bool, actor: str) -> dict[str, Any]:
    return {
        "consumer_id": who[1],
        "consumer_name": who[0],
        "is_admin": is_admin,
        "actor": actor,
        "expires_at": iso(-12 * 3600),
        "idle_expires_at": iso(-1800),
        "version": "1.0.0",
        "stage": "prod",
        "thresholds": {"pending_too_long": 180},
    }


def wave(base: float, count: int = 60, drop: int = 99) -> list[int]:
    return [
        0 if i > drop else round(base * (0.9 + 0.2 * math.sin(i / 3) + 0.06 * math.sin(i * 1.7)))
        for i in range(count)
    ]


def minutes(count: int = 60, step: int = 60) -> list[dict[str, Any]]:
    committed, processed = wave(2400, count), wave(2300, count)
    return [
        {
            "at": iso((count - i) * step),
            "committed": committed[i],
            "published": committed[i],
            "received": processed[i],
            "processed": None if i == 5 else round(processed[i] * (0.6 if 22 < i < 34 else 0.97)),
            "failed": 3 if i == 30 else 0,
            "redelivered": 0,
        }
        for i in range(count)
    ]


def stream(index: int) -> dict[str, Any]:
    name, level, sentence, pending, depth, lag, failed, readers = BANKS[index]
    called: dict[str, Any] = {"queue_depth": None, "readers": None} if index in SERVERS else {}
    return {
        "stream": bank_id(index),
        "consumer_id": bank_id(index),
        "name": name,
        "status": "deactivated" if level == "none" else "active",
        "level": level,
        "side": "bank",
        "sentence": sentence,
        "pending": pending,
        "held_back": 118 if index == 0 else 0,
        "in_queue": depth,
        "received": 38,
        "publish_failed": failed if index == 0 else 0,
        "delivery_failed": failed if index == 4 else 0,
        "dead_letters": 0,
        "queue_depth": depth,
        "readers": readers,
        "observed_at": iso(12),
        "lag_p95_ms": lag,
        "committed_24h": 208_000,
        "processed_24h": 207_000,
        "key_expires_at": iso(-86400 * 214),
        "spark": wave(900 - 100 * index, drop=38 if index == 0 else 99),
        "webhook_state": SERVERS.get(index),
        **called,
    }


def attention() -> list[dict[str, Any]]:
    shared = {"consumer_id": bank_id(0), "consumer_name": BANKS[0][0], "side": "bank"}
    return [
        {
            **shared,
            "condition": "queue_without_reader",
            "level": "bad",
            "title": "borealis_bank: its queue is full and nobody reads it.",
            "sentence": "1,204 events wait in our outbox; 212 were given up, returned 10 times.",
            "since": iso(2460),
            "heals": True,
            "healing": "heals by itself once its program reads, except the 212",
            "caught_up_in_seconds": None,
            "count": 212,
            "view": f"events?consumer_id={bank_id(0)}&state=publish_failed",
            "act": "Try the 212 again…",
            "runbook": "/docs#queue-without-reader",
        },
        {
            **shared,
            "consumer_id": bank_id(1),
            "consumer_name": BANKS[1][0],
            "condition": "processing_lag_high",
            "level": "warn",
            "title": "first_bank is behind: 8,310 events in its queue.",
            "sentence": "It processes 1,390 a minute and gets 1,250.",
            "since": iso(2100),
            "heals": True,
            "healing": None,
            "caught_up_in_seconds": 3540,
            "count": 8310,
            "view": f"bank?consumer_id={bank_id(1)}",
            "act": None,
            "runbook": None,
        },
    ]


def overview() -> dict[str, Any]:
    return {
        "verdict": {"level": "bad", "sentence": "Two banks need you. Nothing is lost.", "count": 2},
        "attention": attention(),
        "pipeline": {
            "committed": {"last_minute": 2472, "last_hour": 148_000},
            "outbox": {"count": 1204, "oldest_seconds": 246},
            "held_back": {"count": 118, "oldest_seconds": 240},
            "published": {"last_minute": 2214, "last_hour": 140_000},
            "queue": {"count": 108_325, "oldest_seconds": 3120},
            "bank": {"count": 38, "oldest_seconds": 2},
            "processed": {"last_minute": 2028, "last_hour": 138_000},
            "failed": {
                "publish_failed": 212,
                "delivery_failed": 4,
                "dead_letters": 31,
                "unmatched": 2,
            },
        },
        "streams": [stream(index) for index in range(len(BANKS))],
        "system": {
            "servers": [
                {"name": "database", "status": "up", "latency_ms": 1.1},
                {"name": "broker", "status": "up", "latency_ms": 0.9},
                {"name": "cache", "status": "up", "latency_ms": 0.2},
            ],
            "breaker": "closed",
            "schedules": [
                {"name": "resend", "status": "on_time", "last_success_at": iso(12), "error": None},
                {
                    "name": "redeliver",
                    "status": "on_time",
                    "last_success_at": iso(240),
                    "error": None,
                },
            ],
            "reconciliation": {"taken_at": iso(960), "balanced": True, "discrepancies": 0},
        },
        "last_hour": minutes(),
    }


def event(index: int, seconds_ago: float) -> dict[str, Any]:
    state, bank, sequence, kind, tries, reason = _STATES[index % len(_STATES)]
    is_theirs = state in {"delivery_failed", "dead_lettered"}
    return {
        "event_id": event_id(index),
        "consumer_id": bank_id(bank),
        "consumer_name": BANKS[bank][0],
        "customer_id": customer_id(0xC1D9 + bank),
        "sequence": sequence,
        "event_type": kind,
        "source_service": "PATCH: /customer/change-status",
        "created_at": iso(seconds_ago),
        "publish_try_count": tries,
        "publish_failure_reason": None if is_theirs else reason,
        "deliver_failure_reason": reason if is_theirs else None,
        "state": state,
        "lag_ms": 240 + 37 * index if state == "processed" else None,
    }


def events(count: int = 20) -> list[dict[str, Any]]:
    return [event(index, 3 + 17 * index) for index in range(count)]


def life(row: dict[str, Any], *, payload: bool) -> dict[str, Any]:
    steps = [
        ("committed", "PATCH: /customer/change-status", "committed", None, 0.0),
        ("publish_attempt", "request", "nacked", REASON, 0.004),
        ("published", "resend", "confirmed", None, 31.4),
        ("received", "bank", "received", "the bank says 02:46:50", 37.6),
        ("processed", "bank", "processed", None, 38.0),
    ]
    begin = datetime.fromisoformat(row["created_at"])
    return {
        **row,
        "timeline": [
            {"at": (begin + timedelta(seconds=after)).isoformat(), "step": step, "by": by}
            | {"outcome": outcome, "words": words}
            for step, by, outcome, words, after in steps
        ],
        "durations": {
            "ours_ms": 31_400,
            "held_back_ms": None,
            "queue_ms": 6200,
            "bank_ms": 400,
            "total_ms": 38_000,
        },
        "request_id": "8c1e-44",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "lane": {"position": row["sequence"], "head_event_id": None, "waiting_behind": 2},
        "receipts": [
            {
                "processing_status": "processed",
                "received_at": iso(2),
                "processing_failure_reason": None,
                "updated_at": iso(1),
            }
        ],
        "dead_letters": [],
        "attempts": [],
        "payload": {"data": {"name": NAME, "amount": BIG}} if payload else None,
    }


def groups() -> dict[str, Any]:
    rows = [
        ("publish_failed", 0, "customer_creation", "NO_ROUTE: …", 212, 0),
        ("delivery_failed", 4, "customer_creation", "KYC record locked by batch …", 4, 0),
        ("dead_lettered", 0, "customer_creation", "expired after 24 h in the queue", 29, 3),
    ]
    return {
        "groups": [
            {
                "failure_group": f"group{i}",
                "consumer_id": bank_id(bank),
                "consumer_name": BANKS[bank][0],
                "stage": stage,
                "event_type": kind,
                "reason": reason,
                "events": count,
                "customers": customers,
                "first_at": iso(90_000),
                "last_at": iso(60 + i),
                "sample_event_id": event_id(7),
            }
            for i, (stage, bank, kind, reason, count, customers) in enumerate(rows)
        ],
        "rest": None,
        "as_of": iso(),
    }


def letters(*, is_matched: bool) -> dict[str, Any]:
    rows = [
        {
            "dead_letter_id": f"{i:08x}-3333-4333-8333-333333333333",
            "consumer_id": bank_id(0),
            "consumer_name": BANKS[0][0],
            "queue_name": "customer_notification_borealis_bank",
            "event_id": event_id(8) if is_matched else None,
            "reason": "expired" if is_matched else "unknown_event",
            "matched": is_matched,
            "superseded": i == 1,
            "created_at": iso(3600 * (i + 1)),
            "size_bytes": 840,
            "resolved_at": None,
            "resolved_by": None,
            "resolved_reason": None,
        }
        for i in range(4 if is_matched else 2)
    ]
    return {"dead_letters": rows, "next_cursor": None, "total": len(rows), "at_least": False}


def job(index: int, status: str, **changes: Any) -> dict[str, Any]:
    return {
        "job_id": f"{index:08x}-4444-4444-8444-444444444444",
        "consumer_id": bank_id(1 - index % 2),
        "consumer_name": BANKS[1 - index % 2][0],
        "status": status,
        "mode": "missed",
        "filter": {"from": iso(9000), "to": iso(1800)},
        "reason": "program was down, INC-2041",
        "actor": "anna",
        "per_second": 50,
        "matched": 4100,
        "sent": 2501,
        "put_back": 0,
        "confirmed_again": 12,
        "refused": 0,
        "left_out": 40,
        "per_second_now": 49.6,
        "eta_seconds": 31,
        "waits_for": None,
        "created_at": iso(3600),
        "started_at": iso(3590),
        "updated_at": iso(1),
        "finished_at": None,
        **changes,
    }


def jobs() -> dict[str, Any]:
    waiting = job(1, "running", sent=0, waits_for="its queue is full", eta_seconds=None)
    done = job(2, "done", sent=4060, finished_at=iso(1800))
    return {"jobs": [job(0, "running"), waiting, done], "next_cursor": None}


def audit() -> dict[str, Any]:
    rows = [
        {
            "audit_id": f"{i:08x}-5555-4555-8555-555555555555",
            "created_at": iso(60 * i),
            "actor": "anna" if i % 2 else "first_bank",
            "session_id": None,
            "key_id": None,
            "consumer_id": ADMIN,
            "consumer_name": "admin",
            "action": ("POST: /replay/data", "GET: /events/data", "POST: /consumer/api-key")[i % 3],
            "status_code": (201, 200, 403)[i % 3],
            "reason": "INC-2041" if i % 3 == 0 else None,
            "subject_consumer_id": bank_id(i % 5),
            "subject_consumer_name": BANKS[i % 5][0],
            "details": {"matched": 193, "states": ["publish_failed"]} if i % 3 == 0 else None,
            "request_id": f"8c1e-{i}",
            "source_ip": "203.0.113.9",
        }
        for i in range(8)
    ]
    return {"rows": rows, "next_cursor": "more"}


def lane() -> dict[str, Any]:
    head = {**event(3, 246), "sequence": 5}
    waiting = [
        {**event(2, 240 - i), "event_id": event_id(50 + i), "sequence": 6 + i} for i in range(3)
    ]
    return {
        "customer_id": customer_id(0xC1D9),
        "consumer_id": bank_id(0),
        "consumer_name": BANKS[0][0],
        "head": head,
        "waiting": waiting,
        "waiting_count": 3,
        "last_processed_sequence": 4,
        "given_up_count": 0,
        "held_since": iso(246),
        "held_reason": REASON,
    }


_SUMS = {
    "balanced": True,
    "committed": 1000,
    "published": 900,
    "pending": 60,
    "failed": 40,
    "delivered": 850,
    "undelivered": 44,
    "delivery_failed": 4,
    "dead_lettered": 2,
}


def ledger() -> dict[str, Any]:
    off = {"missing_events": 0, "deliveries_without_receipt": 1}
    tenants = [
        {**_SUMS, "consumer_id": bank_id(i), "consumer_name": bank[0], "balanced": i != 2}
        | {"discrepancies": off if i == 2 else {"missing_events": 0}}
        for i, bank in enumerate(BANKS)
    ]
    return {
        "taken_at": iso(960),
        "balanced": False,
        "recovery": {"due": False, "epoch": 1, "backup_at": None, "suspicion": None},
        "total": {**_SUMS, "balanced": False, "discrepancies": off},
        "tenants": tenants,
        "heads": {"total": 0, "waiting_behind": 0, "longest": []},
    }


def integration(name: str, index: int) -> dict[str, Any]:
    return {
        "consumer_id": bank_id(index),
        "consumer_name": name,
        "status": "deactivated" if BANKS[index][1] == "none" else "active",
        "message_format": "json",
        "delivery": "queue",
        "webhook": None,
        "queue": f"customer_notification_{name}",
        "dead_letter_queue": f"customer_notification_{name}_dead",
        "arguments": {"x-queue-type": "quorum", "x-delivery-limit": 20},
        "depth": 12,
        "readers": 1,
        "observed_at": iso(5),
        "last_received_at": iso(2),
        "last_processed_at": iso(2),
        "event_types": [
            {
                "event_type": kind,
                "routing_key": kind.replace("_", "."),
                "schema": f"docs/api/schemas/{kind}.json",
            }
            for kind in ("customer_creation", "customer_status_change", "customer_deletion")
        ],
        "broker_address": "amqps://broker.example:5671",
        "key": {"key_id": "9c41d2e3-6f70-4b81-92a3-b4c5d6e7f809", "expires_at": iso(-86400 * 214)},
        "access": {"username": name, "state": "active"},
        "steps": steps("queue", "connected", "received", todo="processed"),
    }


def steps(*done: str, todo: str) -> list[dict[str, Any]]:
    """The steps of an integration: those that are done, and the last one, which is not."""
    shown = [(step, True) for step in done] + [(todo, False)]
    return [
        {
            "step": step,
            "done": is_done,
            "at": iso(60) if is_done else None,
            "sentence": f"{step} is checked",
        }
        for step, is_done in shown
    ]


DRY = {
    "matched": 212,
    "exact": True,
    "customers": 187,
    "late": 19,
    "by_state": {"publish_failed": 200, "delivery_failed": 12},
    "tenants": [],
    "warnings": [
        "Its queue is still full. The job will wait and start by itself when somebody reads."
    ],
}


def dry_run() -> dict[str, Any]:
    return {**DRY, "oldest": iso(1860), "newest": iso(60)}


def _found(q: str) -> dict[str, Any]:
    rows = [(i, name) for i, (name, *_) in enumerate(BANKS) if name.startswith(q)]
    hits = [
        {"kind": "bank", "id": bank_id(i), "title": n, "link": f"#/banks?consumer_id={bank_id(i)}"}
        for i, n in rows
    ]
    if q == event_id(6):
        hits.append({"kind": "event", "id": q, "title": q, "link": f"#/events?event={q}"})
    return {"hits": hits}


def _listed(api: ConsoleApi, query: dict[str, str]) -> list[dict[str, Any]]:
    states = query.get("states")
    rows = (
        api.events if states is None else [e for e in api.events if e["state"] in states.split(",")]
    )
    wanted = query.get("consumer_id")
    return [e for e in rows if wanted in {None, e["consumer_id"]}]


Asked = dict[str, str]
"""The parameters of a request."""
Told = Callable[["ConsoleApi", Asked], dict[str, Any] | None]


def _page(api: ConsoleApi, query: Asked) -> dict[str, Any]:
    rows = _listed(api, query)
    counts = {"total": len(rows), "at_least": False, "truncated": False}
    return {"events": rows, "next_cursor": "older", **counts}


def _tail(api: ConsoleApi, query: Asked) -> dict[str, Any]:
    watched = [e for e in api.events if e["event_id"] in query.get("watch", "")]
    return {"events": list(api.newer), "watched": watched, "after": "c1", "as_of": iso()}


def _life(api: ConsoleApi, query: Asked) -> dict[str, Any] | None:
    rows = [e for e in api.events + api.newer if e["event_id"] == query.get("event_id")]
    return life(rows[0], payload=query.get("payload") != "false") if rows else None


def _letter(_api: ConsoleApi, _query: Asked) -> dict[str, Any]:
    body = {"body": '{"name": "<b>x</b>"}', "body_encoding": "utf-8", "body_truncated": False}
    return {**letters(is_matched=True)["dead_letters"][0], **body, "properties": {}}


def _bank(_api: ConsoleApi, _query: Asked) -> dict[str, Any]:
    times = {"created_at": iso(9e6), "updated_at": iso(9e6)}
    return {"name": BANKS[0][0], "display_name": None, "status": "active", **times}


USUAL: Mapping[str, Told] = {
    "/overview": lambda api, _: {**api.overview, "as_of": iso()},
    "/overview/series": lambda *_: {"step": 3600, "points": minutes(24, 3600)},
    "/events/list": _page,
    "/events/tail": _tail,
    "/events/data": _life,
    "/events/search": lambda _, query: _found(query.get("q", "")),
    "/events/lane": lambda *_: lane(),
    "/events/failures": lambda *_: groups(),
    "/events/reconcile": lambda *_: ledger(),
    "/dead-letters/list": lambda _, query: letters(is_matched=query.get("matched") != "false"),
    "/dead-letters/data": _letter,
    "/replay/list": lambda *_: jobs(),
    "/audit/list": lambda *_: audit(),
    "/consumer/data": _bank,
}
"""What each endpoint that is read answers usually."""


def answer(
    api: ConsoleApi, method: str, path: str, query: Asked, body: dict[str, Any]
) -> dict[str, Any] | None:
    """The data of a usual answer; None if there is no such endpoint."""
    if method == "POST":
        return _done(path, body)
    return USUAL[path](api, query) if path in USUAL else None


def _done(path: str, body: dict[str, Any]) -> dict[str, Any]:
    if body.get("dry_run"):
        return dry_run()
    match path:
        case "/replay/data":
            return job(0, "running")
        case "/replay/change-status":
            return job(0, "paused")
        case "/consumer/api-key":
            return {"api_key": "fk_new_secret"}
        case "/customer/data":
            return {"customer_id": customer_id(9)}
        case "/dead-letters/resolve":
            return {"resolved": 2, "skipped": 0}
    return {
        "summary": {"total_pending": 1, "attempted": 1, "succeeded": 1, "failed": 0, "skipped": 0}
    }
