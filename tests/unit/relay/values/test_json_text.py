from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.relay.values.json_text import (
    _decimal,
    _whole,
    canonical,
    dumps,
    flaw_of,
    is_sound,
    loads,
)

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=None)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "text", ["80.79", "0.1", "1200", "0.30000000000000004", "1E+999999", "12345678901234567890.12"]
)
def test_number_leaves_as_it_came(text: str) -> None:
    assert dumps(loads(text)) == text.encode()


def test_no_number_becomes_a_float() -> None:
    assert not isinstance(loads("80.79"), float)
    assert loads('{"a": [1e-2]}') == {"a": [Decimal("0.01")]}


@given(JSON)
def test_what_is_written_is_read(value: Any) -> None:
    assert loads(dumps(value)) == value


@given(JSON)
def test_other_readers_read_it(value: Any) -> None:
    json.loads(dumps(value))


@given(st.text() | st.binary())
def test_reading_raises_only_value_error(text: str | bytes) -> None:
    try:
        flaw_of(loads(text))
    except ValueError:
        return


@given(st.text() | st.binary() | JSON.map(dumps))
@example("\ufeff1")
@example(b"\xef\xbb\xbf1")
@example("1".encode("utf-16"))
@example("1 2")
def test_reads_as_pythons_own(text: str | bytes) -> None:
    """Which makes a new reader for each text."""

    def read(reader: Callable[..., Any], **numbers: Any) -> str:
        try:
            return str(reader(text, **numbers))
        except ValueError:
            return "no JSON"

    numbers = {"parse_float": _decimal, "parse_int": _whole, "parse_constant": Decimal}
    assert read(loads) == read(json.loads, **numbers)


def test_number_of_thousands_of_digits_is_read() -> None:
    assert flaw_of(loads("9" * 10_000)) == "holds a number of too many digits"


def test_deep_nesting_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="nested"):
        loads("[" * 1_000_000)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("NaN", "NaN or Infinity"),
        ("-Infinity", "NaN or Infinity"),
        ("1e999999999999999999999", "NaN or Infinity"),
        ('"\\u0000"', "control character"),
        ('{"a\\u0007": 1}', "control character"),
        ('["\\ud800"]', "half of a character"),
        ("[" * 9 + "]" * 9, "levels deep"),
        ("1e401", "too many digits"),
    ],
)
def test_flaw_is_said(text: str, said: str) -> None:
    assert said in str(flaw_of(loads(text)))


FLAWED = st.recursive(
    st.none() | st.integers() | st.decimals() | st.text() | st.sampled_from(["\x7f", "\ud800"]),
    lambda inside: st.lists(inside, max_size=2) | st.dictionaries(st.text(), inside, max_size=2),
    max_leaves=20,
)


@given(FLAWED)
def test_what_is_sound_has_no_flaw(value: Any) -> None:
    try:
        written = canonical(value)
    except ValueError:
        assert flaw_of(value)
        return
    assert flaw_of(value) is None or not is_sound(value, written)


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ('{"a": ["Zo\\u00eb", 80.79, {"b": null}]}', True),
        ('{"a": "b\\u007f"}', False),
        ('{"a": "\\u0000"}', False),
        ("[" * 8 + "]" * 8, True),
        ("[" * 9 + "]" * 9, False),
    ],
)
def test_sound_value_is_seen(text: str, sound: bool) -> None:
    value = loads(text)

    assert is_sound(value, canonical(value)) is sound


def test_half_a_character_has_no_canonical_text() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        canonical(loads('{"\\ud800": 1}'))


def test_canonical_text_knows_no_order() -> None:
    assert canonical(loads('{"b": 1.50, "a": "é"}')) == '{"a":"é","b":"1.50"}'.encode()


@pytest.mark.parametrize("text", ["[" * 8 + "]" * 8, '"a\\tb\\nc"', '"\\ud83d\\ude00"', "1.5"])
def test_sound_value_has_no_flaw(text: str) -> None:
    assert flaw_of(loads(text)) is None


def test_text_of_digits_stays_text() -> None:
    assert dumps(["80", "8080.79", Decimal("80.79")]) == b'["80","8080.79",80.79]'


def test_other_types_are_not_written() -> None:
    with pytest.raises(TypeError):
        dumps({"a": {1}})
