"""What the console's stand-in answers about banks' delivery, onboarding, leaving and erasures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support import console_data as data

CALLED, AWAY, LEAVING = 2, 4, 5
"""The banks, by their place: one is called, the server of one is away, and one is leaving."""
SECRET = "whsec_bmV3LXNlY3JldC1vZi1hLWJhbms="
PASSWORD = "p4-of-the-broker"
STORE = "https://store.example/exports"
UNDONE = [("consumer", "done"), ("queues", "failed"), ("broker_user", "open"), ("key", "open")]


def later(seconds: float) -> str:
    """A time after now, as the API writes it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def delivery(index: int) -> dict[str, Any]:
    """How a bank gets its events."""
    own: dict[str, Any] = {"consumer_id": data.bank_id(index), "delivery": "queue"}
    if index not in {CALLED, AWAY}:
        return own | dict.fromkeys(_OF_CALLED)
    is_away = index == AWAY
    return own | {
        "delivery": "webhook",
        "url": f"https://{data.BANKS[index][0]}.example/events",
        "max_in_flight": 10,
        "timeout_seconds": 10,
        "secret_made_at": data.iso(86400 * 12),
        "former_secret_until": later(7200) if is_away else None,
        "state": "failing" if is_away else "open",
        "reason": "HTTP 503 <b>maintenance</b>" if is_away else None,
        "since": data.iso(2460),
        "next_try_at": later(240) if is_away else None,
        "last_delivered_at": data.iso(2470 if is_away else 3),
        "in_flight_count": 0 if is_away else 4,
    }


_OF_CALLED = (
    *("url", "max_in_flight", "timeout_seconds", "secret_made_at", "former_secret_until", "state"),
    *("reason", "since", "next_try_at", "last_delivered_at", "in_flight_count"),
)


def integration(index: int) -> dict[str, Any]:
    """What an integrator has to know, and how far the integration is."""
    told, way = data.integration(data.BANKS[index][0], index), delivery(index)
    if way["delivery"] == "queue":
        return told
    steps = data.steps("webhook", "connected", "received", todo="processed")
    if index == AWAY:
        steps[1] |= {
            "done": False,
            "sentence": f"The bank's server takes no events: {way['reason']}",
        }
    webhook = {name: way[name] for name in _OF_CALLED}
    own = {"delivery": "webhook", "webhook": webhook, "depth": None, "readers": None}
    return told | own | {"steps": steps}


def onboarding(
    name: str, state: str, steps: list[tuple[str, str]], **changes: Any
) -> dict[str, Any]:
    """Where the onboarding of a bank stands."""
    return {
        "consumer_id": data.bank_id(9),
        "consumer_name": name,
        "display_name": None,
        "delivery": "queue",
        **dict.fromkeys(("url", "max_in_flight", "timeout_seconds")),
        "message_format": "json",
        "expires_in_days": 365,
        "state": state,
        "steps": [{"name": step, "state": told, "at": data.iso(60)} for step, told in steps],
        "tries": 0,
        "reason": None,
        "next_try_at": None,
        "created_at": data.iso(600),
        "updated_at": data.iso(60),
        "finished_at": data.iso() if state == "done" else None,
        **changes,
    }


def onboarded(body: Mapping[str, Any]) -> dict[str, Any]:
    """An onboarding that is done, with its secrets."""
    is_called = body["delivery"] == "webhook"
    names = ["consumer", "queues", *([] if is_called else ["broker_user"]), "key"]
    made = onboarding(body["consumer_name"], "done", [(name, "done") for name in names])
    made |= {"delivery": body["delivery"], "api_key": "fk_new_secret"}
    if is_called:
        return made | {"webhook_secret": SECRET}
    access = {"username": f"consumer-{body['consumer_name']}", "password": PASSWORD}
    access |= {"url": "amqps://broker.example:5671/", "queue": "customer_notification_gale"}
    return made | {"broker_access": {**access, "state": "active"}}


def offboarding(status: str = "waiting", **changes: Any) -> dict[str, Any]:
    """A bank's leaving."""
    return {
        "offboarding_id": "5a1b7c1e-90d3-4a2c-b0d6-0e9b8f7c6d5e",
        "consumer_id": data.bank_id(LEAVING),
        "consumer_name": data.BANKS[LEAVING][0],
        "status": status,
        "reason": "the contract ends",
        "actor": "anna",
        "created_at": data.iso(86400 * 3),
        "due_at": later(86400 * 27 + 60),
        "finished_at": None,
        "waits_for": None,
        "erased_count": 0,
        "broker_access": "revoked",
        **changes,
    }


def export(status: str = "done", **changes: Any) -> dict[str, Any]:
    """A bank's export."""
    kinds = [("customers", 1200, 48_000), ("events", 4100, 2_400_000)]
    is_done = status == "done"
    return {
        "export_id": "3c0f2f0e-6a5b-4a3f-9a53-9c6f5d1f7a20",
        "consumer_id": data.bank_id(0),
        "consumer_name": data.BANKS[0][0],
        "status": status,
        "kind": "manifest" if is_done else "receipts",
        "cut_at": data.iso(600),
        "waits_for": None if is_done else "the object store does not answer",
        "reason": "the bank leaves",
        "actor": "anna",
        "written": {
            kind: {"files": 1, "lines": lines, "size_bytes": size} for kind, lines, size in kinds
        },
        "manifest": {"sha256": "ab" * 32, "url": f"{STORE}/manifest.json"} if is_done else None,
        "files": [
            {"number": i, "kind": kind, "lines": lines, "size_bytes": size}
            | {"sha256": f"{i:02x}" * 32, "url": f"{STORE}/{i}.jsonl.gz"}
            for i, (kind, lines, size) in enumerate(kinds, 1)
        ],
        "next_after": None,
        "links_end_after_seconds": 900,
        "created_at": data.iso(600),
        "updated_at": data.iso(10),
        "finished_at": data.iso(10) if is_done else None,
        "removed_at": None,
        **changes,
    }


def erasure(index: int, **changes: Any) -> dict[str, Any]:
    """An erasure; the second one is not finished."""
    return {
        "customer_id": data.customer_id(0xE000 + index),
        "consumer_id": data.bank_id(0),
        "reason": f"ticket {4711 + index}",
        "begun_at": data.iso(3600 * (index + 1)),
        "finished_at": None if index == 1 else data.iso(3600 * index),
        "event_count": 12 + index,
        "queues_until": later(3600) if index == 0 else None,
        "key_id": "9c41d2e3-6f70-4b81-92a3-b4c5d6e7f809",
        "actor": "anna" if index else None,
        "request_id": f"8c1e-{index}",
        **changes,
    }


def _index(query: Mapping[str, str]) -> int:
    wanted = query.get("consumer_id")
    return next((i for i in range(len(data.BANKS)) if data.bank_id(i) == wanted), 1)


def _onboardings(query: Mapping[str, str]) -> dict[str, Any]:
    broker = {"tries": 4, "reason": "The broker does not answer", "next_try_at": later(40)}
    running = onboarding("gale_bank", "running", UNDONE, **broker)
    steps = [("consumer", "done"), ("queues", "done"), ("broker_user", "done"), ("key", "open")]
    asked = {"delivery": "webhook", "url": "https://harbor.example/events", "max_in_flight": 3}
    asked |= {"timeout_seconds": 7, "message_format": "xml", "display_name": "Harbor & Sons"}
    asked |= {"consumer_id": data.bank_id(10), "expires_in_days": 30}
    del steps[2]  # who is called needs no user of the broker
    ready = onboarding("harbor_bank", "ready", steps, **asked)
    shown = {"running": [running], "ready": [ready]}
    return {"onboardings": shown.get(query.get("state", ""), []), "next_cursor": None}


Told = Callable[[Any, dict[str, str]], dict[str, Any] | None]
USUAL: Mapping[str, Told] = {
    "/consumer/delivery": lambda _, query: delivery(_index(query)),
    "/consumer/integration": lambda _, query: integration(_index(query)),
    "/consumer/onboard": lambda *_: onboarding("gale_bank", "running", UNDONE),
    "/consumer/onboardings": lambda _, query: _onboardings(query),
    "/consumer/offboard": lambda *_: offboarding(),
    "/consumer/export": lambda *_: export(),
    "/customer/erasures": lambda *_: {
        "erasures": [erasure(i) for i in range(3)],
        "next_cursor": None,
    },
}
"""What each endpoint that is read answers usually."""


def _chosen(body: Mapping[str, Any]) -> dict[str, Any]:
    is_called = body["delivery"] == "webhook"
    secret = SECRET if is_called else None
    return {**delivery(CALLED if is_called else 0), "secret": secret, "rewind_job_id": None}


_TESTED = {"outcome": "refused", "message": "unknown type", "http_status": 400, "duration_ms": 41}
_DONE: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "POST /consumer/onboard": onboarded,
    "DELETE /consumer/onboard": lambda _: onboarding("gale_bank", "undone", UNDONE),
    "POST /consumer/delivery": _chosen,
    "POST /consumer/delivery/rotate": lambda _: {
        "secret": SECRET,
        "former_secret_until": later(86400),
    },
    "POST /consumer/delivery/test": lambda _: _TESTED,
    "POST /consumer/format": lambda body: {**body, "updated_at": data.iso()},
    "POST /consumer/offboard": lambda _: offboarding(),
    "DELETE /consumer/offboard": lambda _: offboarding("taken_back"),
    "POST /consumer/export": lambda _: export("running", files=[]),
    "POST /customer/erase": lambda _: erasure(0),
}


def done(method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
    """What an act answers; None if it is not one of these."""
    act = _DONE.get(f"{method} {path}")
    return act(body) if act else None
