"""How a process checks a secret cheaply and boundedly, and in no line of waiting requests."""

from __future__ import annotations

import secrets
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from fintegrate.access import keys, secret_verifier
from fintegrate.access.keys import ApiKey, ApiKeys, hash_secret
from fintegrate.access.secret_verifier import (
    CheckBusy,
    CheckRefused,
    SecretVerifier,
    TooManyWrongSecrets,
)
from tests.unit.layer.clock import Clock

KEYS = ApiKeys("what-the-check-of-a-key-is-made-with")
KEY = KEYS.new()
STORED = hash_secret(KEY.secret, 4)


def wrong_secret(of: str = KEY.key_id) -> ApiKey:
    return ApiKey(of, secrets.token_hex(32))


def unsigned() -> ApiKey:
    """A key of the older form, of an id that does not exist."""
    return wrong_secret(str(uuid.uuid4()))


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The hashes that bcrypt was asked about."""
    asked: list[str] = []
    real = keys.secret_matches

    def counted(key: ApiKey, stored_hash: str) -> bool:
        asked.append(stored_hash)
        return real(key, stored_hash)

    monkeypatch.setattr(keys, "secret_matches", counted)
    return asked


def test_right_secret_matches_and_is_remembered(checks: list[str]) -> None:
    verifier = SecretVerifier()

    assert [verifier.matches(KEY, STORED) for _ in range(3)] == [True] * 3
    assert len(checks) == 1


def test_only_verified_key_is_recognised() -> None:
    verifier, typo = SecretVerifier(), wrong_secret()
    assert not verifier.recognises(KEY)

    assert verifier.matches(KEY, STORED)
    assert not verifier.matches(typo, STORED)

    assert verifier.recognises(KEY)
    assert not verifier.recognises(typo)


def test_memory_does_not_hold_the_secret() -> None:
    verifier = SecretVerifier()
    verifier.matches(KEY, STORED)

    assert KEY.secret not in str(vars(verifier))


def test_changed_hash_is_checked_again(checks: list[str]) -> None:
    verifier = SecretVerifier()
    verifier.matches(KEY, STORED)

    assert verifier.matches(KEY, hash_secret(secrets.token_hex(32), 4)) is False
    assert len(checks) == 2


def test_repeated_wrong_secret_is_remembered(checks: list[str]) -> None:
    verifier, wrong = SecretVerifier(wrong_per_minute=1), wrong_secret()

    assert [verifier.matches(wrong, STORED) for _ in range(5)] == [False] * 5
    assert len(checks) == 1


def test_wrong_secrets_are_bounded(checks: list[str]) -> None:
    clock = Clock()
    verifier = SecretVerifier(wrong_per_minute=2, clock=clock)
    for _ in range(2):
        assert verifier.matches(wrong_secret(), STORED) is False
        clock.advance(10)

    with pytest.raises(TooManyWrongSecrets) as refusal:
        verifier.matches(wrong_secret(), STORED)
    assert refusal.value.retry_after == 40  # the first was 20 s ago
    assert len(checks) == 2

    clock.advance(refusal.value.retry_after)
    assert verifier.matches(wrong_secret(), STORED) is False


def test_bound_spares_verified_keys() -> None:
    verifier = SecretVerifier(wrong_per_minute=1)
    assert verifier.matches(KEY, STORED) is True
    verifier.matches(wrong_secret(), STORED)
    with pytest.raises(TooManyWrongSecrets):
        verifier.matches(wrong_secret(), STORED)

    assert verifier.matches(KEY, STORED) is True


def test_bound_is_per_key() -> None:
    other = KEYS.new()
    verifier = SecretVerifier(wrong_per_minute=1)
    verifier.matches(wrong_secret(), STORED)

    assert verifier.matches(other, hash_secret(other.secret, 4)) is True


def test_right_secret_spends_nothing() -> None:
    verifier = SecretVerifier(wrong_per_minute=1)
    other_hash = hash_secret(KEY.secret, 4)

    assert [verifier.matches(KEY, stored) for stored in (STORED, other_hash) * 3] == [True] * 6
    assert verifier.matches(wrong_secret(), STORED) is False


def test_unknown_id_costs_as_much(checks: list[str]) -> None:
    verifier = SecretVerifier(wrong_per_minute=2, cost=4)
    key = unsigned()
    tries = [key, key, wrong_secret(key.key_id)]

    assert [verifier.matches(one, None) for one in tries] == [False] * 3
    with pytest.raises(TooManyWrongSecrets):
        verifier.matches(wrong_secret(key.key_id), None)

    assert [stored[:7] for stored in checks] == ["$2b$04$"] * 2


def test_unknown_signed_id_costs_nothing(checks: list[str]) -> None:
    assert SecretVerifier().matches(KEYS.new(), None) is False
    assert checks == []


def test_made_up_ids_are_bounded_together(checks: list[str]) -> None:
    verifier = SecretVerifier(unsigned_per_minute=3, cost=4)
    known = unsigned()
    stored = hash_secret(known.secret, 4)
    for _ in range(3):
        assert verifier.matches(unsigned(), None) is False

    for refused, expected in (
        (unsigned(), None),
        (wrong_secret(known.key_id), stored),
    ):  # alike, whether it exists or not
        with pytest.raises(TooManyWrongSecrets):
            verifier.matches(refused, expected)

    assert verifier.matches(KEY, STORED) is True
    assert len(checks) == 5


def test_made_up_ids_lock_no_genuine_key_out(checks: list[str]) -> None:
    """In a process that has not verified it before."""
    verifier = SecretVerifier(wrong_per_minute=2, unsigned_per_minute=3, cost=4)
    known = unsigned()
    stored = hash_secret(known.secret, 4)
    for _ in range(20):
        with suppress(TooManyWrongSecrets):
            verifier.matches(unsigned(), None)

    assert verifier.matches(known, stored) is True

    other = unsigned()
    for _ in range(5):
        with pytest.raises(TooManyWrongSecrets):
            verifier.matches(wrong_secret(other.key_id), stored)
    assert len(checks) == 3 + 1 + 2


def test_attack_on_one_key_leaves_the_others(checks: list[str]) -> None:
    """What the bound of one key refuses is not counted against all keys of the older form."""
    verifier = SecretVerifier(wrong_per_minute=1, unsigned_per_minute=2, cost=4)
    attacked, other = unsigned(), unsigned()
    verifier.matches(attacked, None)
    for _ in range(5):
        with pytest.raises(TooManyWrongSecrets):
            verifier.matches(wrong_secret(attacked.key_id), None)

    assert verifier.matches(other, hash_secret(other.secret, 4)) is True
    assert len(checks) == 2


def test_first_burst_costs_one_check(checks: list[str]) -> None:
    verifier = SecretVerifier(wrong_per_minute=1)

    assert _at_once(16, lambda: verifier.matches(KEY, STORED)) == [True] * 16
    assert len(checks) == 1


def test_wrong_secret_burst_is_bounded(checks: list[str]) -> None:
    verifier = SecretVerifier(wrong_per_minute=3)

    def attack() -> bool | None:
        try:
            return verifier.matches(wrong_secret(), STORED)
        except CheckRefused:
            return None

    outcomes = _at_once(16, attack)

    assert outcomes.count(False) == len(checks) <= 3
    assert outcomes.count(None) == 16 - len(checks)


def test_other_secret_finds_the_check_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(_key: ApiKey, _stored_hash: str) -> bool:
        begun.set()
        assert may_end.wait(30)
        return True

    monkeypatch.setattr(keys, "secret_matches", slow)
    verifier = SecretVerifier()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(verifier.matches, KEY, STORED)
        assert begun.wait(30)

        with pytest.raises(CheckBusy):
            verifier.matches(wrong_secret(), STORED)
        second = pool.submit(verifier.matches, KEY, STORED)
        may_end.set()

        assert (first.result(30), second.result(30)) == (True, True)


def test_waiting_for_a_check_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def stuck(_key: ApiKey, _stored_hash: str) -> bool:
        begun.set()
        assert may_end.wait(30)
        return True

    monkeypatch.setattr(keys, "secret_matches", stuck)
    monkeypatch.setattr(secret_verifier, "_PATIENCE", 0.01)
    verifier = SecretVerifier()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(verifier.matches, KEY, STORED)
        assert begun.wait(30)
        try:
            with pytest.raises(CheckBusy):
                verifier.matches(KEY, STORED)
        finally:
            may_end.set()
        assert first.result(30) is True


def test_failed_check_blocks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(_key: ApiKey, _stored_hash: str) -> bool:
        raise MemoryError

    verifier = SecretVerifier()
    with monkeypatch.context() as broken:
        broken.setattr(keys, "secret_matches", crash)
        with pytest.raises(MemoryError):
            verifier.matches(KEY, STORED)

    assert verifier.matches(KEY, STORED) is True


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_verifier, "_REMEMBERED", 5)
    monkeypatch.setattr(keys, "secret_matches", lambda *_: False)
    verifier = SecretVerifier()
    for _ in range(50):
        verifier.matches(KEYS.new(), STORED)
    monkeypatch.setattr(keys, "secret_matches", lambda *_: True)
    for _ in range(50):
        verifier.matches(KEYS.new(), STORED)

    sizes = [len(memory) for memory in vars(verifier).values() if hasattr(memory, "popitem")]
    assert sorted(sizes) == [0, 5, 5]  # nothing is under way


def _at_once(count: int, call: Callable[[], bool | None]) -> list[bool | None]:
    barrier = threading.Barrier(count)

    def run(_: int) -> bool | None:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
