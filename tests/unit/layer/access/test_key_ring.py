"""A ring of keys: complete, or refused without a word of it; read again seldom, and in time."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet

from fintegrate.access.key_ring import (
    FRESH_SECONDS,
    PAUSE_SECONDS,
    KeyMissing,
    KeyRing,
    read_keys,
)
from fintegrate.settings import SettingsError
from tests.support.threads import at_once
from tests.unit.layer.clock import Clock

KEYS = {name: Fernet.generate_key().decode() for name in ("k1", "k2", "k3")}


def ring_of(*names: str) -> str:
    return json.dumps({name: KEYS[name] for name in names})


class Store:
    """Where the setting stands; counts who reads it."""

    def __init__(self, *names: str) -> None:
        self.text = ring_of(*names)
        self.read = 0

    def __call__(self) -> str:
        self.read += 1
        return self.text


def ring(store: Callable[[], str] | None, clock: Clock, *names: str) -> KeyRing:
    return KeyRing("LETTER_KEYS", ring_of(*names), store, clock=clock)


def test_first_key_writes() -> None:
    found = ring(None, Clock(), "k2", "k1")

    assert found.key_ids == ("k2", "k1")
    assert found.writing() == ("k2", KEYS["k2"])
    assert found.key("k1") == KEYS["k1"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "LETTER_KEYS must be a JSON object in which no name stands twice"),
        ('["k1"]', "LETTER_KEYS must be a JSON object in which no name stands twice"),
        ("{}", "LETTER_KEYS has no key, so nothing could be sealed"),
        ('{"k1": "x", "k1": "y"}', "LETTER_KEYS must be a JSON object in which no name"),
        ('{"k 1": "x"}', "LETTER_KEYS: key 1: the id must be"),
        ('{"": "x"}', "LETTER_KEYS: key 1: the id must be"),
        ('{"k1": 7}', "LETTER_KEYS: key 1: must be 32 bytes"),
        ('{"k1": "the-key"}', "LETTER_KEYS: key 1: must be 32 bytes"),
        (json.dumps({"k1": KEYS["k1"] + "\n"}), "LETTER_KEYS: key 1: must be 32 bytes"),
        (json.dumps({"k1": KEYS["k1"], "k2": KEYS["k2"][:-1]}), "LETTER_KEYS: key 2: must be"),
        (json.dumps({"k1": KEYS["k1"], "k2": KEYS["k1"]}), "LETTER_KEYS: two ids have the same"),
    ],
    ids=range(11),  # the keys are others in each process
)
def test_malformed_ring_is_refused(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        read_keys("LETTER_KEYS", text)

    assert str(refusal.value).startswith(said)
    assert not any(key[:8] in str(refusal.value) for key in (*KEYS.values(), "the-key"))
    assert refusal.value.__context__ is None


def test_unknown_id_has_the_ring_read() -> None:
    store = Store("k2", "k1")
    found = ring(store, Clock(), "k1")

    assert found.key("k2") == KEYS["k2"]
    assert (store.read, found.key_ids) == (1, ("k2", "k1"))


def test_missing_key_is_named() -> None:
    with pytest.raises(KeyMissing, match="has no key k9") as missing:
        ring(Store("k1"), Clock(), "k1").key("k9")

    assert missing.value.key_id == "k9"


def test_id_of_another_form_is_not_shown() -> None:
    with pytest.raises(KeyMissing, match="key of another form") as missing:
        ring(None, Clock(), "k1").key("a\nb" * 100)

    assert "a\nb" not in str(missing.value)


def test_unknown_ids_read_seldom() -> None:
    clock, store = Clock(), Store("k1")
    found = ring(store, clock, "k1")
    for number in range(20):
        with pytest.raises(KeyMissing):
            found.key(f"x{number}")
    assert store.read == 1

    store.text = ring_of("k1", "k2")
    clock.advance(PAUSE_SECONDS)
    assert found.key("k2") == KEYS["k2"]
    assert store.read == 2


def test_threads_read_once() -> None:
    """Also where the setting comes slowly: those that wait for it do not ask for it again."""
    clock, store = Clock(), Store("k1", "k2")

    def slowly() -> str:
        clock.advance(2 * PAUSE_SECONDS)
        return store()

    found = ring(slowly, clock, "k1")

    keys = at_once([lambda: found.key("k2")] * 8)

    assert (keys, store.read) == ([KEYS["k2"]] * 8, 1)


def test_old_ring_does_not_write() -> None:
    clock, store = Clock(), Store("k1")
    found = ring(store, clock, "k1")
    store.text = ring_of("k2", "k1")
    clock.advance(FRESH_SECONDS - 1)
    assert found.writing()[0] == "k1"

    clock.advance(1)

    assert [found.writing()[0] for _ in range(3)] == ["k2"] * 3
    assert store.read == 1


def test_clock_that_steps_back_counts_as_old() -> None:
    clock, store = Clock(), Store("k2")
    found = ring(store, clock, "k1")
    clock.advance(-3_600)

    assert found.writing()[0] == "k2"


@pytest.mark.parametrize("text", ["the-key", "{}", None])
def test_unreadable_setting_leaves_the_ring(
    text: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    def renewed() -> str:
        if text is None:
            raise RuntimeError("the-key")
        return text

    clock = Clock()
    found = ring(renewed, clock, "k1")
    clock.advance(FRESH_SECONDS)

    with caplog.at_level(logging.WARNING):
        assert found.writing()[0] == "k1"
        with pytest.raises(KeyMissing):
            found.key("k2")

    assert len(caplog.records) == 1  # also a failed try is not repeated at once
    assert "LETTER_KEYS could not be read again" in caplog.text
    assert "the-key" not in caplog.text


def test_ring_without_a_store_stays() -> None:
    clock = Clock()
    found = ring(None, clock, "k1")
    clock.advance(FRESH_SECONDS)
    found.read_again()

    assert found.writing()[0] == "k1"


def test_repr_shows_ids_only() -> None:
    assert repr(ring(None, Clock(), "k2", "k1")) == "KeyRing(k2, k1)"
