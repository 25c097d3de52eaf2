"""API keys: their format, their creation and hashing, and a cheap check.

The format is `fk_<public id>_<secret><checksum>`. The public id (32 hexadecimal digits, a UUID) finds
the row. The secret (64 hexadecimal digits, 256 bits) proves that the caller owns the key. The checksum
(CRC-32, 8 digits) reveals a typo without a query. Only the bcrypt hash of the secret is stored.

Leaves to others where keys are stored and what a key may do (`fintegrate.access.by_api_key`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
import time
import uuid
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import bcrypt

_SHAPE = re.compile(r"fk_([0-9a-f]{32})_([0-9a-f]{64})([0-9a-f]{8})", re.ASCII)
_REMEMBERED = 1_000
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key in plain text. It is kept for one request only, and its repr never shows it."""

    key_id: str
    """The public id, as a UUID with dashes."""
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """The whole key as the caller sends it."""
        body = f"fk_{uuid.UUID(self.key_id).hex}_{self.secret}"
        return body + _checksum(body)


def new_api_key() -> ApiKey:
    return ApiKey(str(uuid.uuid4()), secrets.token_hex(32))


def parse_api_key(text: str) -> ApiKey | None:
    """Read a key; None when the format or the checksum is wrong."""
    match = _SHAPE.fullmatch(text)
    if match is None or not hmac.compare_digest(match[3], _checksum(text[:-8])):
        return None
    return ApiKey(_with_dashes(match[1]), match[2])


def hash_secret(secret: str, cost: int) -> str:
    """Hash a secret with bcrypt; `cost` is the logarithm of the rounds (12: about 250 ms)."""
    return bcrypt.hashpw(secret.encode(), bcrypt.gensalt(cost)).decode()


def _with_dashes(digits: str) -> str:
    """A UUID's usual form. `uuid.UUID` takes ten times as long, and each request needs it twice."""
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"


class TooManyWrongSecrets(Exception):
    """The limit of wrong secrets for this key is reached; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many wrong secrets, try again in {retry_after} s")
        self.retry_after = retry_after


class SecretVerifier:
    """Checks a secret with bcrypt once per process and key, and limits the cost of wrong secrets.

    A verified key is remembered by its SHA-256 and the stored hash that it matched, so a rotated key is
    not mistaken for the old one. A wrong secret is remembered and refused without bcrypt. New wrong
    secrets cost at most `wrong_per_minute` bcrypt runs per key and source address. Checks of one key
    run one after the other, so a burst of first requests costs one run.
    """

    def __init__(
        self, wrong_per_minute: int = 5, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._wrong_per_minute = wrong_per_minute
        self._clock = clock
        self._locks = [threading.Lock() for _ in range(64)]
        self._verified: OrderedDict[bytes, str] = OrderedDict()
        self._wrong: OrderedDict[tuple[bytes, str], None] = OrderedDict()
        self._failures: OrderedDict[tuple[str, str], list[float]] = OrderedDict()
        self._memory = threading.Lock()

    def recognises(self, key: ApiKey) -> bool:
        """Whether the secret was verified here before. The stored hash may be another one since."""
        with self._memory:
            return _digest(key) in self._verified

    def matches(self, key: ApiKey, stored_hash: str, source: str) -> bool:
        """Whether the secret matches `stored_hash`.

        Raises:
            TooManyWrongSecrets: the limit for this key and `source` (an address) is reached.
        """
        digest = _digest(key)
        known = self._remembered(digest, stored_hash)
        if known is not None:
            return known
        with self._locks[hash(key.key_id) % len(self._locks)]:
            known = self._remembered(digest, stored_hash)
            if known is not None:
                return known
            self._check_bound(key, source)
            matched = bcrypt.checkpw(key.secret.encode(), stored_hash.encode())
            self._learn(key, stored_hash, digest, source, matched=matched)
            return matched

    def _remembered(self, digest: bytes, stored_hash: str) -> bool | None:
        with self._memory:
            if self._verified.get(digest) == stored_hash:
                self._verified.move_to_end(digest)
                return True
            return False if (digest, stored_hash) in self._wrong else None

    def _check_bound(self, key: ApiKey, source: str) -> None:
        now = self._clock()
        with self._memory:
            recent = [at for at in self._failures.get((key.key_id, source), []) if now - at < 60]
        if len(recent) >= self._wrong_per_minute:
            raise TooManyWrongSecrets(int(60 - (now - recent[0])) + 1)

    def _learn(
        self, key: ApiKey, stored_hash: str, digest: bytes, source: str, *, matched: bool
    ) -> None:
        slot = (key.key_id, source)
        with self._memory:
            if matched:
                _remember(self._verified, digest, stored_hash)
                self._failures.pop(slot, None)
                return
            _remember(self._wrong, (digest, stored_hash), None)
            now = self._clock()
            recent = [at for at in self._failures.get(slot, []) if now - at < 60]
            _remember(self._failures, slot, [*recent, now])


def _digest(key: ApiKey) -> bytes:
    return hashlib.sha256(f"{key.key_id}{key.secret}".encode()).digest()


def _remember(memory: OrderedDict[K, V], key: K, value: V) -> None:
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > _REMEMBERED:
        memory.popitem(last=False)
