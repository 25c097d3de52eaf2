"""How a key looks, and that nobody else can write one that is worth a query."""

from __future__ import annotations

import uuid
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintegrate.access.keys import (
    ApiKey,
    ApiKeys,
    CheckSecretMissing,
    hash_secret,
    nobodys_hash,
    read_form,
    secret_matches,
)

KEYS = ApiKeys("what-the-check-of-a-key-is-made-with")
KEY = KEYS.new()
TEXT = KEYS.text(KEY)
OLD = ApiKey(str(uuid.UUID(int=7, version=4)), KEY.secret)


def crc(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"


def test_key_has_the_contracts_form() -> None:
    mark, public_id, rest = TEXT.split("_")

    assert mark == "fk"
    assert uuid.UUID(public_id).variant == uuid.RFC_4122
    assert KEY.key_id == str(uuid.UUID(public_id))
    assert KEY.key_id[14] == "8"
    assert len(rest) == 64 + 16  # 256 bits and the check, in hexadecimal digits


def test_key_comes_back_from_its_text() -> None:
    assert KEYS.parse(TEXT) == read_form(TEXT) == KEY


def test_key_of_the_older_form_is_read() -> None:
    body = f"fk_{uuid.UUID(OLD.key_id).hex}_{OLD.secret}"

    assert KEYS.text(OLD) == body + crc(body)
    assert KEYS.parse(body + crc(body)) == OLD
    assert (KEY.signed, OLD.signed) == (True, False)


def test_older_form_names_no_signed_key() -> None:
    body = TEXT[:-16]

    assert KEYS.parse(body + crc(body)) is None
    assert KEYS.parse(KEYS.text(OLD)[:-8] + "0" * 16) is None


def test_other_servers_key_is_refused() -> None:
    assert ApiKeys("another secret, also of some length").parse(TEXT) is None


@pytest.mark.parametrize("secret", ["", "x" * 31])
def test_short_secret_makes_no_check(secret: str) -> None:
    careless = ApiKeys(secret)

    for act in (careless.new, lambda: careless.parse(TEXT), lambda: careless.text(KEY)):
        with pytest.raises(CheckSecretMissing, match="API_KEY_CHECK_SECRET is not set") as error:
            act()
        assert "x" * 31 not in str(error.value)


def test_new_keys_always_differ() -> None:
    made = [KEYS.new() for _ in range(100)]

    assert len({key.secret for key in made}) == len({key.key_id for key in made}) == 100


def test_secret_is_not_shown_by_repr() -> None:
    assert KEY.secret not in f"{KEY!r} {KEY}"


@pytest.mark.parametrize("text", [TEXT, KEYS.text(OLD)], ids=["signed", "older"])
@given(data=st.data())
def test_any_changed_character_is_noticed(data: st.DataObject, text: str) -> None:
    position = data.draw(st.integers(0, len(text) - 1))
    typo = text[:position] + data.draw(st.characters(codec="utf-8")) + text[position + 1 :]

    assert (KEYS.parse(typo) is None) == (typo != text)


@given(st.integers(0, len(TEXT) - 2))
def test_swapped_neighbours_are_noticed(position: int) -> None:
    one, other = TEXT[position : position + 2]
    typo = TEXT[:position] + other + one + TEXT[position + 2 :]

    assert (KEYS.parse(typo) is None) == (typo != TEXT)


@given(st.integers(0, len(TEXT) - 1))
def test_cut_key_is_noticed(length: int) -> None:
    assert KEYS.parse(TEXT[:length]) is None


@given(st.text())
def test_any_text_is_read_safely(text: str) -> None:
    assert KEYS.parse(text) is None


def test_hash_is_salted_bcrypt() -> None:
    one, other = hash_secret(KEY.secret, 4), hash_secret(KEY.secret, 4)

    assert one.startswith("$2b$04$")
    assert one != other
    assert secret_matches(KEY, one)


def test_nobodys_hash_matches_nothing() -> None:
    hashed = nobodys_hash(4)

    assert len(hashed) == len(hash_secret(KEY.secret, 4))
    assert hashed.startswith("$2b$04$")
    assert not secret_matches(KEY, hashed)
