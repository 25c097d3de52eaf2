from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.relay.values.contents import contents_of
from chalicelib.relay.values.json_text import loads
from chalicelib.relay.values.wrong import WrongValue
from fintegrate.text import cut


def test_items_are_read() -> None:
    sent = loads(
        '[{"id": 17, "quantity": 2.0, "price": 12.345, "name": "Kit", "category": "A", "x": 1}, {}]'
    )

    assert contents_of(sent, "USD") == (
        [
            {
                "id": "17",
                "name": "Kit",
                "category": "A",
                "quantity": 2,
                "price": Decimal("12.35"),
            },
            {},
        ],
        ["contents[0].price: USD has 2 digits after the point, rounded"],
    )
    assert contents_of(None, "USD") == ([], [])


@pytest.mark.parametrize(
    "sent",
    ["{}", "[1]", '[{"id": ""}]', '[{"quantity": 1.5}]', '[{"quantity": -1}]', '[{"price": -1}]'],
)
def test_wrong_items_are_refused(sent: str) -> None:
    with pytest.raises(WrongValue, match="contents"):
        contents_of(loads(sent), "USD")


def test_more_than_two_hundred_are_refused() -> None:
    with pytest.raises(WrongValue, match="at most 200"):
        contents_of([{}] * 201, "USD")


@given(st.lists(st.dictionaries(st.sampled_from(["id", "quantity", "price", "name"]), st.text())))
def test_only_wrong_value_is_raised(sent: list[Any]) -> None:
    try:
        contents_of(sent, "USD")
    except WrongValue:
        return


@given(st.text(), st.integers(0, 20))
def test_cut_text_is_a_beginning(text: str, limit: int) -> None:
    assert text.startswith(cut(text, limit))
    assert len(cut(text, limit)) <= limit


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("abcdef", 3, "abc"),
        ("ab", 3, "ab"),
        ("ae\u0301b", 2, "a"),
        ("a\U0001f468\u200d\U0001f469", 2, "a"),
        ("a\U0001f468\u200d\U0001f469", 3, "a"),
        ("a\u2764\ufe0f", 2, "a"),
    ],
)
def test_character_is_never_cut_in_two(text: str, limit: int, kept: str) -> None:
    assert cut(text, limit) == kept
