from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from chalicelib.relay.delivery.composing import present


@pytest.mark.parametrize(
    "value", [False, 0, Decimal(0), Decimal("0.00"), "a", [0], {"a": None}, " "]
)
def test_value_is_there(value: Any) -> None:
    assert present({"a": value}) == {"a": value}


@pytest.mark.parametrize("value", [None, "", [], {}])
def test_empty_value_is_not_there(value: Any) -> None:
    assert present({"a": value, "b": 1}) == {"b": 1}
