"""Sending a batch: what stops it before a request, how it is parted, how long it may take."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet

from chalicelib.relay import places
from chalicelib.relay.delivery import deliver
from chalicelib.relay.delivery.adapters import ADAPTERS, adapter_of
from chalicelib.relay.delivery.deliver import limits_of
from chalicelib.relay.delivery.sending import Sender, verdicts_of
from fintegrate.access.key_ring import KeyRing
from fintegrate.access.sealing import Sealing
from fintegrate.database import Row
from fintegrate.outbox.batches import Batch, Kind
from fintegrate.outgoing import exchange
from fintegrate.outgoing.client import Client
from tests.support.marketing_events import TOKEN, destination, purchase

NOW = datetime.now(UTC)
CREDENTIALS = {"measurement_id": "G-ABC1234567", "api_secret": "secret"}


def sealing_with(**keys: str) -> Sealing:
    return Sealing(KeyRing("RELAY_KEYS", json.dumps(keys)))


@pytest.fixture
def sealing() -> Sealing:
    return sealing_with(k1=Fernet.generate_key().decode())


def lane(sealing: Sealing) -> Row:
    sealed = sealing.seal(CREDENTIALS, places.of_credential(5, 3))
    return {
        "lane_id": 1,
        "adapter": "ga4",
        "concurrency": 4,
        "storefront_id": 5,
        "platform_id": 3,
        "credentials_encrypted": sealed.text,
        "key_id": sealed.key_id,
        "settings_json": {"consent_mode": "required"},
    }


def row(sealing: Sealing, number: int, person: str, place: str | None = None) -> Row:
    identity = str(number)
    sealed = sealing.seal(
        {"ip_address": "192.0.2.1"}, place or places.of_event(5, identity, "purchase_completed")
    )
    return {
        "event": number,
        "storefront_id": 5,
        "identity": identity,
        "order_id": identity,
        "event_type": "purchase_completed",
        "event_time": NOW,
        "dedup_id": identity,
        "event_payload": '{"value": 1.10, "currency": "USD"}',
        "match_keys": {"em": person},
        "private_encrypted": sealed.text,
        "key_id": sealed.key_id,
        "consent_json": {},
    }


def sender(sealing: Sealing, seconds: int = 0) -> Sender:
    return Sender(Client(), sealing, seconds)


def numbers(parts: list[Any]) -> list[list[int]]:
    return [[each["event"] for each in part] for part in parts]


def test_events_of_one_client_go_together(sealing: Sealing) -> None:
    rows = [row(sealing, number, f"person {number % 3}") for number in range(1, 8)]

    parts = sender(sealing).split(lane(sealing), rows)

    assert numbers(parts) == [[1, 4, 7], [2, 5], [3, 6]]


def test_rows_that_cannot_be_read_go_alone(sealing: Sealing) -> None:
    rows = [row(sealing, number, "one") for number in (1, 2)]
    broken = {**rows[1], "event_payload": "{"}

    parts = sender(sealing).split(lane(sealing), [rows[0], broken])

    assert numbers(parts) == [[1], [2]]


def test_missing_key_is_the_lanes_matter(sealing: Sealing) -> None:
    other = sealing_with(k9=Fernet.generate_key().decode())
    batch = Batch(lane(sealing), [row(sealing, 1, "one")], "token", 0)

    sent = sender(other).send(batch)

    assert not sent.requested
    (verdict,) = sent.verdicts
    assert verdict is not None
    assert verdict.kind is Kind.CONFIGURATION
    assert "k1" in verdict.reason


def test_credential_is_opened_once_a_run(sealing: Sealing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless it was changed meanwhile."""
    opened: list[str] = []
    really = sealing.open
    monkeypatch.setattr(sealing, "open", lambda *said: (opened.append(said[1]), really(*said))[1])
    mine, before, changed = sender(sealing), lane(sealing), lane(sealing)

    for each in (before, before, changed, changed):
        assert mine.destination_of(each).credentials == CREDENTIALS
    mine.forget()
    mine.destination_of(changed)

    sealed = [each["credentials_encrypted"] for each in (before, changed, changed)]
    assert opened == sealed


def test_changed_settings_are_used_at_once(sealing: Sealing) -> None:
    mine, before = sender(sealing), lane(sealing)
    changed = {**before, "settings_json": {"consent_mode": "optional"}}

    used = [mine.destination_of(each).settings for each in (before, changed, before)]

    assert used == [each["settings_json"] for each in (before, changed, before)]


def test_row_that_was_changed_stops_no_other(sealing: Sealing) -> None:
    moved = row(sealing, 1, "one", place=places.of_event(5, "2", "purchase_completed"))
    batch = Batch(lane(sealing), [moved, row(sealing, 2, "one")], "token", 0)

    sent = sender(sealing).send(batch)

    kinds = [verdict.kind for verdict in sent.verdicts if verdict]
    assert kinds == [Kind.FAULT, Kind.SKIPPED]


@pytest.mark.parametrize(
    ("adapter", "setting", "request_seconds"),
    [("webhook", 0, 15), ("meta", 0, 10), ("webhook", 2, 2), ("meta", 60, 10)],
)
def test_leases_follow_the_longest_request(
    sealing: Sealing, adapter: str, setting: int, request_seconds: int
) -> None:
    limits = limits_of(adapter, sender(sealing, setting))

    assert limits.lease_seconds == request_seconds + 20


def test_no_request_is_longer_than_a_run_expects() -> None:
    assert max(adapter_of(name).TIMEOUT for name in ADAPTERS) == deliver.LONGEST_SECONDS


@pytest.mark.parametrize("name", ["pinterest", "snapchat"])
@pytest.mark.parametrize("status", [200, 400, 401, 429, 500])
def test_code_of_a_receiver_can_be_kept(name: str, status: int) -> None:
    adapter, there, event = adapter_of(name), destination(name), purchase()
    request = adapter.compose([event], there, NOW)
    odd = json.dumps({"code": f"\0\ud800{TOKEN}" + "x" * 9_000, "status": f"\0\ud800{TOKEN}"})
    answer = exchange.Answer(status, {}, odd.encode(), is_whole=True, milliseconds=1)

    (verdict,) = verdicts_of(adapter, [event], request, answer, NOW).values()

    assert verdict
    kept = f"{verdict.code}{verdict.reason}"
    assert kept.encode()
    assert "\0" not in kept
    assert TOKEN not in kept
    assert len(verdict.code or "") <= 50
