"""Compares the secrets of keys with their hashes, and bounds what that costs.

bcrypt takes a quarter of a second, and a caller needs nothing but a public id to ask for it. So a
process compares each secret once, few wrong ones a minute, and nobody waits in a line: who finds the
check of a key busy is sent away.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from fintegrate.access.keys import ApiKey, fingerprint, nobodys_hash, secret_matches
from fintegrate.access.proofs import Proofs
from fintegrate.budget import Budget
from fintegrate.redis_connection import RedisConnections

_REMEMBERED = 1_000
_PATIENCE = 5.0
"""How long, in seconds, a request waits for the check of the same secret that another has begun."""
K = TypeVar("K")
V = TypeVar("V")


class CheckRefused(Exception):
    """The secret was not compared; `retry_after` is in seconds."""

    def __init__(self, text: str, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class TooManyWrongSecrets(CheckRefused):
    """As many wrong secrets as a minute allows were compared."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many wrong secrets, try again in {retry_after} s", retry_after)


class CheckBusy(CheckRefused):
    """Another secret of this key is being compared."""

    def __init__(self) -> None:
        super().__init__("another secret of this key is being compared", 1)


@dataclass(slots=True, eq=False)
class _Check:
    """A comparison under way. Requests with the same secret wait for its end."""

    fingerprint: bytes
    stored_hash: str
    ended: threading.Event = field(default_factory=threading.Event)
    matched: bool | None = None
    refused: CheckRefused | None = None


class SecretVerifier:
    """Checks a secret once per process and key, and limits the cost of wrong secrets.

    A verified key is remembered by its SHA-256 and the stored hash that it matched, so a rotated key is
    not mistaken for the old one. A wrong secret is remembered and refused without bcrypt. New wrong
    secrets cost at most `wrong_per_minute` comparisons per key, over all addresses and processes.

    Anybody can write keys of the older form, also with ids that do not exist. Those are compared with a
    hash that nothing matches, so that they are answered like others. In all a process compares
    `unsigned_per_minute` wrong secrets of this form. Beyond that it compares only those of ids that
    exist, within the bound of each key, and refuses what is wrong like the others: made-up keys in
    masses must lock no genuine one out.
    """

    def __init__(
        self,
        wrong_per_minute: int = 5,
        unsigned_per_minute: int = 30,
        *,
        cost: int = 12,
        redis: RedisConnections | None = None,
        proofs: Proofs | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wrong_secrets = Budget("wrong_secrets", wrong_per_minute, redis, clock)
        self._unsigned = Budget("unsigned_secrets", unsigned_per_minute, None, clock)
        self._proofs = proofs
        self._nobodys_hash = nobodys_hash(cost)
        self._verified: OrderedDict[bytes, str] = OrderedDict()
        self._wrong: OrderedDict[tuple[bytes, str], None] = OrderedDict()
        self._running: dict[str, _Check] = {}
        self._memory = threading.Lock()

    def recognises(self, key: ApiKey) -> bool:
        """Whether the secret was verified here before. The stored hash may be another one since."""
        with self._memory:
            return fingerprint(key) in self._verified

    def matches(self, key: ApiKey, stored_hash: str | None) -> bool:
        """Whether the secret matches `stored_hash`, which is None for an id that does not exist.

        Raises:
            TooManyWrongSecrets: as many wrong ones as allowed were compared within a minute.
            CheckBusy: another secret of this key is being compared.
        """
        if stored_hash is None and key.signed:
            return (
                False  # nobody but the server writes such keys, so nobody looks for ids with them
            )
        stored_hash = stored_hash or self._nobodys_hash
        digest = fingerprint(key)
        known = self._remembered(digest, stored_hash)
        if known is not None:
            return known
        check, mine = self._begin(key, digest, stored_hash)
        return self._compare(key, check) if mine else _result(check)

    def _remembered(self, digest: bytes, stored_hash: str) -> bool | None:
        with self._memory:
            if self._verified.get(digest) == stored_hash:
                self._verified.move_to_end(digest)
                return True
            return False if (digest, stored_hash) in self._wrong else None

    def _begin(self, key: ApiKey, digest: bytes, stored_hash: str) -> tuple[_Check, bool]:
        """The check of this secret, and whether the caller has to make it."""
        with self._memory:
            running = self._running.get(key.key_id)
            if running is None:
                self._running[key.key_id] = started = _Check(digest, stored_hash)
                return started, True
        if (running.fingerprint, running.stored_hash) != (digest, stored_hash):
            raise CheckBusy
        return running, False

    def _compare(self, key: ApiKey, check: _Check) -> bool:
        try:
            # Another request may have ended the same check between this one's look and its begin.
            known = self._remembered(check.fingerprint, check.stored_hash)
            check.matched = self._bounded(key, check.stored_hash) if known is None else known
            self._learn(check, matched=check.matched)
        except CheckRefused as refused:
            check.refused = refused
            raise
        finally:
            with self._memory:
                del self._running[key.key_id]
            check.ended.set()
        return check.matched

    def _bounded(self, key: ApiKey, stored_hash: str) -> bool:
        if self._proofs is not None and self._proofs.has(key, stored_hash):
            return True
        wait = self._spend(key, made_up=stored_hash is self._nobodys_hash)
        matched = secret_matches(key, stored_hash)
        if matched:
            self._wrong_secrets.give_back(key.key_id)
            if not key.signed and not wait:
                self._unsigned.give_back()
            if self._proofs is not None:
                self._proofs.add(key, stored_hash)
        elif wait:
            raise TooManyWrongSecrets(wait)
        return matched

    def _spend(self, key: ApiKey, *, made_up: bool) -> int:
        """Count this secret as a wrong one. Made-up ids reach Redis only within the process's bound.

        Returns the seconds until wrong secrets of the older form are answered again, usually 0.
        """
        unsigned_wait = 0 if key.signed else self._unsigned.take()
        if unsigned_wait and made_up:
            raise TooManyWrongSecrets(unsigned_wait)
        if wait := self._wrong_secrets.take(key.key_id):
            if not key.signed and not unsigned_wait:
                self._unsigned.give_back()
            raise TooManyWrongSecrets(wait)
        return unsigned_wait

    def _learn(self, check: _Check, *, matched: bool) -> None:
        with self._memory:
            if matched:
                _remember(self._verified, check.fingerprint, check.stored_hash)
            else:
                _remember(self._wrong, (check.fingerprint, check.stored_hash), None)


def _result(check: _Check) -> bool:
    """What came of a check that another request makes."""
    check.ended.wait(_PATIENCE)
    if check.matched is None:
        raise check.refused or CheckBusy()
    return check.matched


def _remember(memory: OrderedDict[K, V], key: K, value: V) -> None:
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > _REMEMBERED:
        memory.popitem(last=False)
