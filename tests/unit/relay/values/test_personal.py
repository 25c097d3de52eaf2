from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.relay.values.personal import holds_address, with_user_fields, without_addresses

ADDRESS = "ann@example.com"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.text().map(lambda t: t + ADDRESS),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=8,
)


def test_address_in_text_is_emptied() -> None:
    kept, warnings = without_addresses({"note": f"from {ADDRESS}", "a": [f"<{ADDRESS}>"]}, "extra")

    assert kept == {"note": "", "a": [""]}
    assert warnings == [
        "extra.note: holds an e-mail address, emptied",
        "extra.a[0]: holds an e-mail address, emptied",
    ]


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (f"https://shop.example/?e={ADDRESS}&b=2", "https://shop.example/?b=2"),
        ("https://shop.example/?e=ann%40example.com", "https://shop.example/"),
        ("https://shop.example/?e=ann%2540example.com&b=2#top", "https://shop.example/?b=2#top"),
        (f"https://shop.example/?b=2#{ADDRESS}", "https://shop.example/?b=2"),
    ],
)
def test_parameter_of_a_url_is_cut(url: str, kept: str) -> None:
    assert without_addresses(url, "extra.url")[0] == kept


@pytest.mark.parametrize(
    "url", [f"https://shop.example/{ADDRESS}", f"https://{ADDRESS}/", f"mailto:{ADDRESS}"]
)
def test_url_that_still_holds_one_is_emptied(url: str) -> None:
    assert without_addresses(url, "extra.url")[0] == ""


@pytest.mark.parametrize(
    "text", ["a @ b", "@home", "3 @ 4.50", "2 kits@19.99", "x@y", "50%", "%40", "user@"]
)
def test_other_text_stays(text: str) -> None:
    assert without_addresses(text, "extra.a") == (text, [])


def test_key_that_holds_one_goes() -> None:
    assert without_addresses({ADDRESS: 1, "b": 2}, "extra")[0] == {"b": 2}


def test_long_text_is_read_in_one_pass() -> None:
    """Quadratic work on these would take minutes."""
    assert not holds_address("a" * 1_000_000 + "@")
    assert not holds_address("a@" * 300_000)
    assert not holds_address("a@" + "a." * 300_000 + "1")


@given(JSON)
def test_no_address_is_left(value: Any) -> None:
    kept, _ = without_addresses(value, "extra")

    assert ADDRESS not in repr(kept)


def test_loose_user_fields_become_the_users() -> None:
    item = {"order_id": "1", "email": "loose@example.com", "phone": "1", "user": {"phone": "2"}}

    assert with_user_fields(item) == {
        "order_id": "1",
        "user": {"email": "loose@example.com", "phone": "2"},
    }


def test_item_without_them_is_unchanged() -> None:
    assert with_user_fields({"order_id": "1"}) == {"order_id": "1"}
