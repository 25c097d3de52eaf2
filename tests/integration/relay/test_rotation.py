"""A rotation of the keys, step by step: no process is disturbed at any of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.fernet import Fernet

from chalicelib.relay import wiring
from chalicelib.relay.wiring import Parts
from tests.integration.relay.conftest import Reply
from tests.integration.relay.test_replay import post
from tests.support.receiver import Receiver
from tests.support.schedules import run_schedule

Query = Callable[..., list[dict[str, Any]]]
Call = Callable[..., Reply]
CLIENT = {"ip_address": "203.0.113.9"}
NAMED = "SELECT key_id FROM marketing_events UNION SELECT key_id FROM platform_credentials"


@pytest.fixture
def long_running(call: Call, environment: dict[str, str]) -> Iterator[Parts]:
    """Another process, which began before the rotation; it delivers."""
    other = wiring.build(environment)
    other.sealing()
    yield other
    other.delivery().close()
    other.close()


def test_rotation_disturbs_nobody(
    call: Call,
    secret: str,
    environment: dict[str, str],
    long_running: Parts,
    receiver: Receiver,
    query: Query,
) -> None:
    old = json.loads(environment["RELAY_KEYS"])["k1"]
    new = Fernet.generate_key().decode()
    last: Parts | None = None
    for step, ring in enumerate([{"k1": old, "k2": new}, {"k2": new, "k1": old}, {"k2": new}]):
        post(call, f"before {step}", client=CLIENT)
        environment["RELAY_KEYS"] = json.dumps(ring)
        last = fresh(environment, last)
        post(call, f"after {step}", client=CLIENT)
        if step == 1:
            told = call("POST", "/admin/v1/credentials/reencrypt", {"dry_run": False}).data
            assert (told["failed"], told["rewritten"]) == (0, 4)
            post(call, "during", client=CLIENT)
            assert run_schedule("relay_reencrypt")["events_failed"] == 0
            keys = call("GET", "/admin/v1/health").data["key_ring"]
            assert keys["former"] == [{"key_id": "k1", "credentials_count": 0, "events_count": 0}]
        long_running.delivery().run()

    assert query(NAMED) == [{"key_id": "k2"}]
    assert query("SELECT DISTINCT status FROM event_deliveries") == [{"status": "delivered"}]
    assert len(receiver.got) == 7
    assert call("GET", "/admin/v1/health").data["key_ring"]["former"] == []


def fresh(environment: dict[str, str], before: Parts | None) -> Parts:
    """A process that begins now answers from here on."""
    ended = before or wiring.parts()
    ended.delivery().close()
    ended.close()
    wiring.use(wiring.build(environment))
    return wiring.parts()


def test_missing_key_is_said_at_start(
    call: Call,
    secret: str,
    environment: dict[str, str],
    query: Query,
    caplog: pytest.LogCaptureFixture,
) -> None:
    post(call, "1", client=CLIENT)
    delivering = fresh(environment, None).delivery
    query("UPDATE marketing_events SET key_id = 'k0'")

    delivering()
    delivering()

    said = [line for line in caplog.messages if "RELAY_KEYS" in line]
    assert said == [
        "RELAY_KEYS lacks the key k0: 0 credentials and 1 events cannot be opened; put it back"
    ]


def test_dry_run_rewrites_nothing(
    call: Call, secret: str, environment: dict[str, str], query: Query
) -> None:
    post(call, "1", client=CLIENT)
    ring = json.loads(environment["RELAY_KEYS"])
    environment["RELAY_KEYS"] = json.dumps({"k2": Fernet.generate_key().decode(), **ring})
    query("UPDATE platform_credentials SET key_id = 'gone'")

    told = call("POST", "/admin/v1/credentials/reencrypt", {"dry_run": True}).data

    assert {name: told[name] for name in ("total", "rewritten", "already_current", "failed")} == {
        "total": 2,
        "rewritten": 1,
        "already_current": 0,
        "failed": 1,
    }
    assert [(each["table"], each["key_id"]) for each in told["failures"]] == [
        ("credentials", "gone")
    ]
    assert query("SELECT DISTINCT key_id FROM marketing_events") == [{"key_id": "k1"}]
