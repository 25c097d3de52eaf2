from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.relay.values.json_text import dumps, loads
from chalicelib.relay.values.money import DIGITS, LARGEST, amount_of, currency_of
from chalicelib.relay.values.wrong import WrongValue

PRICES = st.decimals(min_value=0, max_value=LARGEST - 1, allow_nan=False, places=None)


@pytest.mark.parametrize(
    ("sent", "currency", "leaves"),
    [
        ("80.79", "USD", "80.79"),
        ("1200", "JPY", "1200"),
        ("80.5", "USD", "80.5"),
        ("80.00", "USD", "80.00"),
        ("1.2E+3", "USD", "1200"),
        ('"80.79"', "USD", "80.79"),
        ("0.105", "KWD", "0.105"),
        ("0", "USD", "0"),
        ("-0.0", "USD", "0"),
        ("999999999999999.99", "USD", "999999999999999.99"),
    ],
)
def test_money_keeps_its_digits(sent: str, currency: str, leaves: str) -> None:
    amount, warning = amount_of(loads(sent), currency, "order_revenue")

    assert dumps(amount) == leaves.encode()
    assert warning is None


@pytest.mark.parametrize(
    ("sent", "currency", "leaves"),
    [("80.795", "USD", "80.80"), ("0.5", "JPY", "1"), ("1.0005", "BHD", "1.001")],
)
def test_further_digits_are_rounded_half_up(sent: str, currency: str, leaves: str) -> None:
    amount, warning = amount_of(loads(sent), currency, "order_revenue")

    assert dumps(amount) == leaves.encode()
    assert warning is not None
    assert warning.startswith(f"order_revenue: {currency} has {DIGITS[currency]} digits")


def test_digits_that_say_nothing_warn_of_nothing() -> None:
    assert amount_of(Decimal("80.79000"), "USD", "x") == (Decimal("80.79"), None)


@pytest.mark.parametrize(
    "sent", ["-0.01", "NaN", "Infinity", "true", '"80,79"', '"1e3"', "[]", "1e15"]
)
def test_what_is_no_price_is_refused(sent: str) -> None:
    with pytest.raises(WrongValue, match="order_revenue: must"):
        amount_of(loads(sent), "USD", "order_revenue")


def test_float_is_refused() -> None:
    with pytest.raises(WrongValue):
        amount_of(80.79, "USD", "order_revenue")


@given(PRICES, st.sampled_from(sorted(DIGITS)))
def test_amount_has_no_more_digits_than_its_currency(price: Decimal, currency: str) -> None:
    amount, _ = amount_of(price, currency, "x")
    digits = DIGITS[currency]

    assert abs(amount - price) <= Decimal(5).scaleb(-digits - 1)
    assert len(dumps(amount).partition(b".")[2]) <= digits
    assert b"E" not in dumps(amount)


@pytest.mark.parametrize(("sent", "kept"), [("usd", "USD"), (" Eur ", "EUR"), (None, "CAD")])
def test_currency_is_upper_case(sent: object, kept: str) -> None:
    assert currency_of(sent, "CAD") == kept


@pytest.mark.parametrize("sent", ["", "US", "XXX", "$", 840, {}, "\uff35\uff33\uff24"])
def test_other_currency_is_refused(sent: object) -> None:
    with pytest.raises(WrongValue, match="ISO 4217"):
        currency_of(sent, "USD")


def test_codes_of_iso_4217_are_known() -> None:
    assert len(DIGITS) > 160
    assert {DIGITS[code] for code in ("USD", "JPY", "TND", "CLF")} == {2, 0, 3, 4}
