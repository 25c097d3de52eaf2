"""An item of a batch: what is taken, what is refused and in which words, what is left out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.relay.ingest.items import ITEM_BYTES, Item, Rejected, Storefront, read_item
from chalicelib.relay.values.json_text import loads

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SHOPS = {"bosley": Storefront(5, "USD", "US"), "5": Storefront(6, "EUR", "DE")}
ITEM: dict[str, Any] = {
    "storefront_id": "bosley",
    "event_name": "purchase_completed",
    "event_time": "2026-11-26T10:00:00Z",
    "order_id": "1001",
}


def read(**fields: Any) -> Item:
    """As the JSON of a batch would have it."""
    return read_item(loads(json.dumps({**ITEM, **fields})), SHOPS, NOW)


def refusal(**fields: Any) -> str:
    with pytest.raises(Rejected) as rejected:
        read(**fields)
    return str(rejected.value)


def test_item_of_sixty_four_kibibytes_is_the_largest() -> None:
    room = ITEM_BYTES - len(json.dumps({**ITEM, "user": {"note": ""}}, separators=(",", ":")))

    assert read(user={"note": "x" * room}).order_id == "1001"
    assert refusal(user={"note": "x" * (room + 1)}) == "item: has more than 65536 bytes"
    assert "bytes" in refusal(user={"note": "é" * (room // 2 + 1)})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"storefront_id": 5}, "storefront_id: must be the storefront's code as text"),
        ({"storefront_id": None}, "storefront_id: is required"),
        ({"storefront_id": "Bosley"}, "no active storefront has the code"),
        ({"event_name": "1st"}, "event_name: must be"),
        ({"event_time": "2026-11-26T12:11:00Z"}, "event_time: is more than 10 minutes ahead"),
        ({"order_id": None}, "order_id: one of order_id and event_id is required"),
        ({"order_id": ""}, "order_id: must be 1 to 255 characters"),
        ({"order_id": "x" * 256}, "order_id: must be 1 to 255 characters"),
        ({"order_id": 1.5}, "order_id: must be 1 to 255 characters"),
        ({"order_id": True}, "order_id: must be 1 to 255 characters"),
        ({"event_id": "jane@example.com-1"}, "event_id: must not hold an e-mail address"),
        ({"order_revenue": -1}, "order_revenue: must not be negative"),
        ({"currency": "ABC"}, "currency: must be a code of ISO 4217"),
        ({"contents": [{}] * 201}, "contents: must be a list of at most 200 items"),
        ({"consent": {"ad_storage": "perhaps"}}, "consent.ad_storage: must be"),
        ({"note": "x" * 8_200}, "extra: the further fields have more than 8192 bytes"),
        ({"note": "\0"}, "item: holds NUL or another control character"),
        ({"note": float("nan")}, "item: holds NaN or Infinity"),
        ({"note": [[[[[[[[1]]]]]]]]}, "item: is nested more than 8 levels deep"),
    ],
)
def test_refusal_names_the_field(fields: dict[str, Any], said: str) -> None:
    assert said in refusal(**fields)


def test_all_that_is_wrong_is_said() -> None:
    assert refusal(event_name="", event_time="", currency="?").count(";") >= 2


@pytest.mark.parametrize(
    ("given", "kept"),
    [(4711, "4711"), (12345678901234567890123, "12345678901234567890123"), ("007", "007")],
)
def test_whole_numbers_are_their_digits(given: Any, kept: str) -> None:
    item = read(order_id=given, contents=[{"id": given}], user={"external_id": given})

    assert (item.order_id, item.payload["contents"]) == (kept, [{"id": kept}])
    assert item.match_keys["external_id"]
    assert item.warnings == []


def test_code_of_digits_is_a_code() -> None:
    assert read(storefront_id="5").storefront.id == 6


def test_ids_make_identity_and_dedup_id() -> None:
    by_order, by_event = read(), read(event_id="e-9")

    assert (by_order.identity, by_order.dedup_id) == ("1001", "1001:purchase_completed")
    assert (by_event.identity, by_event.dedup_id) == ("e-9", "e-9")


def test_time_a_little_ahead_is_now() -> None:
    assert read(event_time="2026-11-26T12:09:00Z").event_time == NOW
    unix = int((NOW - timedelta(hours=1)).timestamp())
    for time in (unix, unix * 1_000, unix * 1_000_000, str(unix)):
        assert read(event_time=time).event_time == NOW - timedelta(hours=1)


def test_addresses_are_nowhere_but_hashed() -> None:
    item = read(
        email="jane@example.com",
        note="ask jane@example.com",
        page="https://shop.test/?e=jane%40example.com&a=1",
        contents=[{"id": "1", "name": "for jane@example.com"}],
    )

    assert item.match_keys["em"]
    assert item.payload["extra"] == {"note": "", "page": "https://shop.test/?a=1"}
    assert item.payload["contents"] == [{"id": "1"}]
    assert "jane" not in str(item)
    assert len(item.warnings) == 3


def test_bad_user_and_client_are_left_out() -> None:
    item = read(user="Jane", email="jane@example.com", client={"ip_address": "here"})

    assert item.match_keys["em"]
    assert item.warnings == [
        "user: not an object, left out",
        "client.ip_address: not an IP address, left out",
    ]


def test_same_content_has_the_same_hash() -> None:
    turned = dict(reversed(list({**ITEM, "note": "é"}.items())))

    assert read_item(turned, SHOPS, NOW).content_hash == read(note="é").content_hash
    assert read(order_revenue=1).content_hash != read(order_revenue=2).content_hash


def test_unknown_keys_are_kept() -> None:
    item = read(**{"t-value": "x", "utm_source": "mail", "anything": {"a": [1]}})

    assert item.payload["extra"] == {"t-value": "x", "utm_source": "mail", "anything": {"a": [1]}}


def test_money_keeps_its_digits() -> None:
    item = read_item(loads(json.dumps(ITEM)[:-1] + ', "order_revenue": 80.79}'), SHOPS, NOW)

    assert item.payload["value"] == Decimal("80.79")
    assert item.payload["currency"] == "USD"
