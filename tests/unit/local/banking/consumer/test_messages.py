"""A message is read tolerantly, and refused when nobody could ever process it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.banking.consumer.messages import MalformedMessage, parse_event, times_handed_out

EVENT_ID = "5a0c8f0e-7c38-4f0e-9d3c-1f2e3d4c5b6a"
CUSTOMER_ID = "0b6f5d4c-0000-4000-8000-000000000001"


def message(**changes: Any) -> dict[str, Any]:
    return {
        "schema_version": "1.0",
        "event_id": EVENT_ID,
        "event_type": "customer_creation",
        "data": {"customer_id": CUSTOMER_ID, "name": "John Richard Doe", "status": "ACTIVE"},
        "metadata": {
            "created_at": "2026-01-02T03:04:05.000006+00:00",
            "sequence": 1,
            "source_service": "POST: /customer/data",
        },
        **changes,
    }


def encoded(**changes: Any) -> bytes:
    return json.dumps(message(**changes)).encode()


def test_message_of_the_contract_is_read() -> None:
    event = parse_event(encoded(), {"traceparent": "00-ab-cd-01"})
    assert (event.event_id, event.customer_id, event.sequence) == (EVENT_ID, CUSTOMER_ID, 1)
    assert (event.name, event.status, event.traceparent) == (
        "John Richard Doe",
        "ACTIVE",
        "00-ab-cd-01",
    )
    assert event.created_at.utcoffset() is not None


def test_message_without_epoch_is_of_the_first() -> None:
    metadata = {**message()["metadata"], "epoch": 3}
    assert parse_event(encoded(), {}).position == (1, 1)
    assert parse_event(encoded(metadata=metadata), {}).position == (3, 1)


def test_unknown_fields_are_ignored_everywhere() -> None:
    plain = parse_event(encoded(), {})
    extended = message(schema_version="1.7", shard=4)
    extended["data"]["risk_class"] = {"letter": "B"}
    extended["metadata"]["region"] = "eu"
    assert parse_event(json.dumps(extended).encode(), {"x-new": 1}) == plain


def test_consumer_created_is_about_the_consumer() -> None:
    body = encoded(
        event_type="consumer_created",
        data={"consumer_id": CUSTOMER_ID, "consumer_name": "bank_amber_12ab"},
    )
    event = parse_event(body, {})
    assert (event.customer_id, event.name) == (CUSTOMER_ID, "bank_amber_12ab")


def without(field: str) -> bytes:
    kept = message()
    del kept[field]
    return json.dumps(kept).encode()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{not json", "json_invalid"),
        (b"\xff\xfe", "json_invalid"),
        (b"[]", "body"),
        (b"[" * 100_000, "json_invalid"),
        (without("event_id"), "event_id: missing"),
        (without("metadata"), "metadata: missing"),
        (encoded(schema_version="2.0"), "this consumer reads 1.x, got 2.0"),
        (encoded(schema_version="one"), "schema_version"),
        (encoded(event_id="17"), "event_id"),
        (encoded(data={"name": "nobody"}), "neither customer_id nor consumer_id"),
        (
            encoded(metadata={"created_at": "2026-01-02T03:04:05Z", "sequence": 0}),
            "metadata.sequence",
        ),
        (
            encoded(metadata={"created_at": "2026-01-02T03:04:05Z", "sequence": 2**63}),
            "metadata.sequence",
        ),
        (
            encoded(metadata={"created_at": "2026-01-02T03:04:05", "sequence": 1}),
            "metadata.created_at",
        ),
    ],
)
def test_hopeless_message_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        parse_event(body, {})
    assert words in str(caught.value)


def test_refusal_repeats_no_customer_data() -> None:
    with pytest.raises(MalformedMessage) as caught:
        parse_event(encoded(data={"customer_id": "John Richard Doe"}), {})
    assert "John" not in str(caught.value)


@pytest.mark.parametrize(
    ("headers", "count"), [({}, 0), ({"x-delivery-count": 3}, 3), ({"x-delivery-count": "?"}, 0)]
)
def test_broker_counts_deliveries(headers: dict[str, Any], count: int) -> None:
    assert times_handed_out(headers) == count
