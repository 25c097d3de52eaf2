"""What is sealed opens with its key at its place, and nowhere else; a rotation disturbs nobody."""

from __future__ import annotations

import json
from string import ascii_letters, digits
from typing import Any

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from fintegrate.access.key_ring import FRESH_SECONDS, KeyMissing, KeyRing
from fintegrate.access.sealing import Misplaced, Sealing, Unreadable
from fintegrate.access.secret import Secret
from tests.unit.layer.access.test_key_ring import KEYS, Store, ring_of
from tests.unit.layer.clock import Clock

PLACE = "letters/17"
VALUES = [b"", b"\x00\xff raw", {}, {"token": "t\u00f6k", "more": [1, None, {"a": "\U0001f600"}]}]


def sealing_of(*names: str) -> Sealing:
    return Sealing(KeyRing("LETTER_KEYS", ring_of(*names)))


SEALING = sealing_of("k2", "k1")


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_sealed_value_opens_at_its_place(value: Any) -> None:
    sealed = SEALING.seal(value, PLACE)

    opened = SEALING.open(*sealed, PLACE)

    assert sealed.key_id == "k2"
    assert sealed.text.isascii()
    assert isinstance(opened, Secret)
    assert opened.reveal() == SEALING.revealed(*sealed, PLACE) == value


@given(st.dictionaries(st.text(), st.text()), st.text(min_size=1))
def test_any_object_opens_again(value: dict[str, str], place: str) -> None:
    assert SEALING.open(*SEALING.seal(value, place), place).reveal() == value


def test_opened_secret_can_be_sealed_again() -> None:
    secret = SEALING.open(*SEALING.seal({"token": "x"}, PLACE), PLACE)

    assert SEALING.open(*SEALING.seal(secret, "letters/18"), "letters/18") == secret


def test_same_value_seals_differently() -> None:
    assert SEALING.seal(b"x", PLACE).text != SEALING.seal(b"x", PLACE).text


def test_text_hides_value_and_place() -> None:
    text = SEALING.seal(b"the-token", PLACE).text

    assert "the-token" not in text
    assert PLACE not in text


@pytest.mark.parametrize("place", ["letters/18", "letters/1", "LETTERS/17", "", "letters/17 "])
def test_moved_text_does_not_open(place: str) -> None:
    sealed = SEALING.seal({"token": "the-token"}, PLACE)

    for opened in (SEALING.open, SEALING.revealed):
        with pytest.raises(Misplaced, match="another place") as refused:
            opened(*sealed, place)
        assert "the-token" not in str(refused.value)


def test_place_is_needed() -> None:
    with pytest.raises(ValueError, match="place"):
        SEALING.seal(b"x", "")


@pytest.mark.parametrize("value", ["text", 7, None, [1], {"a": object()}])
def test_other_values_are_not_sealed(value: Any) -> None:
    with pytest.raises(TypeError):
        SEALING.seal(value, PLACE)


@pytest.mark.parametrize("name", ["k1", "k2"])
def test_every_key_of_the_ring_opens(name: str) -> None:
    assert SEALING.open(*sealing_of(name).seal(b"x", PLACE), PLACE).reveal() == b"x"


def test_missing_key_is_named() -> None:
    sealed = sealing_of("k3").seal(b"x", PLACE)

    with pytest.raises(KeyMissing, match="no key k3"):
        SEALING.open(*sealed, PLACE)


def test_only_the_named_key_is_tried() -> None:
    sealed = SEALING.seal(b"x", PLACE)

    with pytest.raises(Unreadable, match="does not open with key k1"):
        SEALING.open("k1", sealed.text, PLACE)


SEALED = SEALING.seal({"token": "x"}, PLACE).text


@given(st.integers(0, len(SEALED.rstrip("=")) - 2), st.integers(1, 63))
def test_changed_text_does_not_open(position: int, shift: int) -> None:
    """The last character is left out: base64 does not use all of its bits."""
    alphabet = f"{ascii_letters}{digits}-_"
    other = alphabet[(alphabet.index(SEALED[position]) + shift) % len(alphabet)]

    with pytest.raises(Unreadable):
        SEALING.open("k2", SEALED[:position] + other + SEALED[position + 1 :], PLACE)


@given(st.text())
def test_any_text_is_opened_safely(text: str) -> None:
    with pytest.raises(Unreadable):
        SEALING.open("k2", text, PLACE)


@pytest.mark.parametrize("plain", [b"the-token", b'{"token": "the-token"}', b"[]", b"\xff"])
def test_foreign_text_stays_closed(plain: bytes) -> None:
    """Fernet alone made it, with no place in it."""
    with pytest.raises(Unreadable) as refused:
        SEALING.open("k2", Fernet(KEYS["k2"]).encrypt(plain).decode(), PLACE)

    assert "the-token" not in str(refused.value)
    assert refused.value.__context__ is None


def test_current_key_is_the_first() -> None:
    assert SEALING.key_ids == ("k2", "k1")
    assert [SEALING.is_current(name) for name in ("k2", "k1", "k9")] == [True, False, False]


def test_rotation_disturbs_no_process() -> None:
    """Two processes: one reads the setting at once, the other learns of each step as late as it can."""
    clock, store = Clock(), Store("k1")

    def process() -> Sealing:
        return Sealing(KeyRing("LETTER_KEYS", store(), store, clock=clock))

    late, rows = process(), []

    def both_work() -> None:
        for sealing in (process(), late):
            rows.append(sealing.seal({"n": len(rows)}, PLACE))
        for sealing in (process(), late):
            assert [sealing.open(*row, PLACE).reveal()["n"] for row in rows] == [*range(len(rows))]

    both_work()
    store.text = ring_of("k1", "k2")
    both_work()
    store.text = ring_of("k2", "k1")
    both_work()
    assert {row.key_id for row in rows} == {"k1", "k2"}
    clock.advance(FRESH_SECONDS)  # what the steps say to wait
    both_work()
    rows[:] = [process().seal(late.open(*row, PLACE), PLACE) for row in rows]
    store.text = ring_of("k2")
    both_work()
    assert {row.key_id for row in rows} == {"k2"}


def test_sealing_shows_no_key() -> None:
    SEALING.seal(b"x", PLACE)

    assert not any(key in f"{SEALING!r} {SEALING.ring!r}" for key in KEYS.values())
    assert json.loads(ring_of("k1"))["k1"] == KEYS["k1"]
