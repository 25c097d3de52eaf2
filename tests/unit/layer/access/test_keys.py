"""How a key looks, and how a process checks one cheaply and boundedly."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintegrate.access import keys as api_keys
from fintegrate.access.keys import (
    ApiKey,
    SecretVerifier,
    TooManyWrongSecrets,
    hash_secret,
    new_api_key,
    parse_api_key,
)
from tests.unit.layer.clock import Clock

KEY = new_api_key()
STORED = hash_secret(KEY.secret, 4)
HOME, AWAY = "198.51.100.1", "203.0.113.1"


def wrong_secret() -> ApiKey:
    return ApiKey(KEY.key_id, new_api_key().secret)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """The secrets that bcrypt was asked about."""
    asked: list[bytes] = []
    real = api_keys.bcrypt.checkpw

    def counted(secret: bytes, hashed: bytes) -> bool:
        asked.append(secret)
        return real(secret, hashed)

    monkeypatch.setattr(api_keys.bcrypt, "checkpw", counted)
    return asked


def test_key_has_the_contracts_form() -> None:
    text = new_api_key().text
    mark, public_id, rest = text.split("_")

    assert mark == "fk"
    assert uuid.UUID(public_id).version == 4
    assert len(rest) == 64 + 8  # 256 bits and the checksum, in hexadecimal digits


def test_key_comes_back_from_its_text() -> None:
    assert parse_api_key(KEY.text) == KEY


def test_new_keys_always_differ() -> None:
    made = [new_api_key() for _ in range(100)]

    assert len({key.secret for key in made}) == len({key.key_id for key in made}) == 100


def test_secret_is_not_shown_by_repr() -> None:
    assert KEY.secret not in f"{KEY!r} {KEY}"


@given(st.integers(0, len(KEY.text) - 1), st.characters(codec="utf-8"))
def test_any_changed_character_is_noticed(position: int, other: str) -> None:
    typo = KEY.text[:position] + other + KEY.text[position + 1 :]

    assert (parse_api_key(typo) is None) == (typo != KEY.text)


@given(st.integers(0, len(KEY.text) - 2))
def test_swapped_neighbours_are_noticed(position: int) -> None:
    one, other = KEY.text[position : position + 2]
    typo = KEY.text[:position] + other + one + KEY.text[position + 2 :]

    assert (parse_api_key(typo) is None) == (typo != KEY.text)


@given(st.integers(0, len(KEY.text) - 1))
def test_cut_key_is_noticed(length: int) -> None:
    assert parse_api_key(KEY.text[:length]) is None


@given(st.text())
def test_any_text_is_read_safely(text: str) -> None:
    assert parse_api_key(text) is None


def test_hash_is_salted_bcrypt() -> None:
    one, other = hash_secret(KEY.secret, 4), hash_secret(KEY.secret, 4)

    assert one.startswith("$2b$04$")
    assert one != other


def test_right_secret_matches_and_is_remembered(checks: list[bytes]) -> None:
    verifier = SecretVerifier()

    assert [verifier.matches(KEY, STORED, HOME) for _ in range(3)] == [True] * 3
    assert len(checks) == 1


def test_only_verified_key_is_recognised() -> None:
    verifier, typo = SecretVerifier(), ApiKey(KEY.key_id, new_api_key().secret)
    assert not verifier.recognises(KEY)

    assert verifier.matches(KEY, STORED, HOME)
    assert not verifier.matches(typo, STORED, HOME)

    assert verifier.recognises(KEY)
    assert not verifier.recognises(typo)


def test_memory_does_not_hold_the_secret() -> None:
    verifier = SecretVerifier()
    verifier.matches(KEY, STORED, HOME)

    assert KEY.secret not in str(vars(verifier))


def test_changed_hash_is_checked_again(checks: list[bytes]) -> None:
    verifier = SecretVerifier()
    verifier.matches(KEY, STORED, HOME)

    assert verifier.matches(KEY, hash_secret(new_api_key().secret, 4), HOME) is False
    assert len(checks) == 2


def test_repeated_wrong_secret_is_remembered(checks: list[bytes]) -> None:
    verifier, wrong = SecretVerifier(wrong_per_minute=1), wrong_secret()

    assert [verifier.matches(wrong, STORED, HOME) for _ in range(5)] == [False] * 5
    assert len(checks) == 1


def test_wrong_secrets_are_bounded(checks: list[bytes]) -> None:
    clock = Clock()
    verifier = SecretVerifier(wrong_per_minute=2, clock=clock)
    for _ in range(2):
        assert verifier.matches(wrong_secret(), STORED, HOME) is False
        clock.advance(10)

    with pytest.raises(TooManyWrongSecrets) as refusal:
        verifier.matches(wrong_secret(), STORED, HOME)
    assert refusal.value.retry_after == 41  # the first was 20 s ago
    assert len(checks) == 2

    clock.advance(refusal.value.retry_after)
    assert verifier.matches(wrong_secret(), STORED, HOME) is False


def test_bound_spares_verified_keys() -> None:
    verifier = SecretVerifier(wrong_per_minute=1)
    verifier.matches(wrong_secret(), STORED, AWAY)
    with pytest.raises(TooManyWrongSecrets):
        verifier.matches(KEY, STORED, AWAY)

    assert verifier.matches(KEY, STORED, HOME) is True
    assert verifier.matches(KEY, STORED, AWAY) is True  # verified by now


def test_bound_is_per_key() -> None:
    other = new_api_key()
    verifier = SecretVerifier(wrong_per_minute=1)
    verifier.matches(wrong_secret(), STORED, HOME)

    assert verifier.matches(other, hash_secret(other.secret, 4), HOME) is True


def test_right_secret_forgives_typos() -> None:
    verifier = SecretVerifier(wrong_per_minute=2)
    for _ in range(3):
        verifier.matches(wrong_secret(), STORED, HOME)
        assert verifier.matches(KEY, STORED, HOME) is True


def test_first_burst_costs_one_check(checks: list[bytes]) -> None:
    verifier = SecretVerifier(wrong_per_minute=1)

    assert _at_once(16, lambda: verifier.matches(KEY, STORED, HOME)) == [True] * 16
    assert len(checks) == 1


def test_wrong_secret_burst_is_bounded(checks: list[bytes]) -> None:
    verifier = SecretVerifier(wrong_per_minute=3)

    def attack() -> bool | None:
        try:
            return verifier.matches(wrong_secret(), STORED, HOME)
        except TooManyWrongSecrets:
            return None

    outcomes = _at_once(16, attack)

    assert outcomes.count(False) == len(checks) == 3
    assert outcomes.count(None) == 13


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_keys, "_REMEMBERED", 5)
    monkeypatch.setattr(api_keys.bcrypt, "checkpw", lambda *_: False)
    verifier = SecretVerifier(wrong_per_minute=10_000)
    for number in range(50):
        verifier.matches(new_api_key(), STORED, f"address {number}")
    monkeypatch.setattr(api_keys.bcrypt, "checkpw", lambda *_: True)
    for _ in range(50):
        verifier.matches(new_api_key(), STORED, HOME)

    sizes = [len(memory) for memory in vars(verifier).values() if hasattr(memory, "popitem")]
    assert sizes == [5, 5, 5]


def _at_once(count: int, call: Callable[[], bool | None]) -> list[bool | None]:
    barrier = threading.Barrier(count)

    def run(_: int) -> bool | None:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
