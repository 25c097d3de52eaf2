"""API keys: their format, their creation and hashing, and a check that costs microseconds.

The format is `fk_<public id>_<secret><check>`. The public id (32 hexadecimal digits, a UUID) finds the
row. The secret (64 hexadecimal digits, 256 bits) proves that the caller owns the key. The check (16
digits) is an HMAC of what stands before it, made with a secret of the server, so nobody else can make
up a key that is worth a query. Only the bcrypt hash of the secret is stored.

Keys of the older form end in a CRC-32 (8 digits), which anybody can compute. They stay good until they
expire. Ids tell the forms apart, so an older form never names a newer key: a signed key's id is a UUID
of version 8, the others' is one of version 4.

Leaves to others where keys are stored, what a key may do (`fintegrate.access.by_api_key`) and how many
secrets are compared (`fintegrate.access.secret_verifier`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import uuid
import zlib
from dataclasses import dataclass, field

import bcrypt

_SHAPE = re.compile(
    r"fk_([0-9a-f]{8})([0-9a-f]{4})([48][0-9a-f]{3})([0-9a-f]{4})([0-9a-f]{12})"
    r"_([0-9a-f]{64})([0-9a-f]{8}|[0-9a-f]{16})",
    re.ASCII,
)
_VERSION = 14
"""Where a UUID with dashes has its version."""
LEAST_CHECK_SECRET = 32
"""The fewest characters of the server's secret."""


class CheckSecretMissing(Exception):
    """The server's secret is missing or too short, so no key can be made or checked."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key in plain text. It is kept for one request only, and its repr never shows it."""

    key_id: str
    """The public id, as a UUID with dashes."""
    secret: str = field(repr=False)
    check: str = field(default="", repr=False, compare=False)
    """As it was sent; empty in a key that was made here."""

    @property
    def signed(self) -> bool:
        """Whether its check is an HMAC; otherwise it is a key of the older form."""
        return self.key_id[_VERSION] == "8"

    @property
    def name(self) -> str:
        """The public id; it and what follows make a key a `fintegrate.access.claim.Claim`."""
        return self.key_id

    @property
    def pair(self) -> str:
        return f"{self.key_id} {self.secret}"

    def fingerprint(self) -> bytes:
        """It tells keys apart that differ in their check only."""
        return hashlib.sha256(f"{self.key_id}{self.secret}{self.check}".encode()).digest()

    def matches(self, stored: str) -> bool:
        return secret_matches(self, stored)


class ApiKeys:
    """Makes and reads keys. `check_secret` is the server's secret (`API_KEY_CHECK_SECRET`)."""

    def __init__(self, check_secret: str) -> None:
        self._check_secret = check_secret.encode()

    def new(self) -> ApiKey:
        """Make a key.

        Raises:
            CheckSecretMissing: there is no secret of the server, so the key could not be written.
        """
        self.digest(b"")
        digits = secrets.token_hex(16)
        marked = f"{digits[:12]}8{digits[13:16]}8{digits[17:]}"  # RFC 9562, section 5.8
        return ApiKey(str(uuid.UUID(marked)), secrets.token_hex(32))

    def text(self, key: ApiKey) -> str:
        """The whole key as the caller sends it."""
        body = f"fk_{key.key_id.replace('-', '')}_{key.secret}"
        return body + self._check(body, signed=key.signed)

    def parse(self, text: str) -> ApiKey | None:
        """Read a key; None when the format or the check is wrong.

        Raises:
            CheckSecretMissing: there is no secret of the server.
        """
        key = read_form(text)
        if key is None:
            return None
        right = self._check(text[: -len(key.check)], signed=key.signed)
        return key if hmac.compare_digest(key.check, right) else None

    def digest(self, text: bytes) -> bytes:
        """An HMAC of `text` with the server's secret.

        Raises:
            CheckSecretMissing: there is no secret of the server.
        """
        if len(self._check_secret) < LEAST_CHECK_SECRET:
            raise CheckSecretMissing(
                f"API_KEY_CHECK_SECRET is not set, or has fewer than {LEAST_CHECK_SECRET} "
                "characters: set it in the environment or in a secret that SETTINGS_SECRET_ID names"
            )
        return hmac.digest(self._check_secret, text, "sha256")

    def _check(self, body: str, *, signed: bool) -> str:
        if signed:
            return self.digest(body.encode()).hex()[:16]
        return f"{zlib.crc32(body.encode()):08x}"


def read_form(text: str) -> ApiKey | None:
    """Read a text of a key's form, with its check as it is; None if it has another form.

    It proves nothing: anybody can write such a text.
    """
    match = _SHAPE.fullmatch(text)
    if match is None:
        return None
    *parts, secret, check = match.groups()
    key = ApiKey("-".join(parts), secret, check)  # `uuid.UUID` takes ten times as long
    return key if len(check) == (16 if key.signed else 8) else None


def hash_secret(secret: str, cost: int) -> str:
    """Hash a secret with bcrypt; `cost` is the logarithm of the rounds (12: about 250 ms)."""
    return bcrypt.hashpw(secret.encode(), bcrypt.gensalt(cost)).decode()


def secret_matches(key: ApiKey, stored_hash: str) -> bool:
    """Compare with bcrypt, at the cost at which the hash was made."""
    return bcrypt.checkpw(key.secret.encode(), stored_hash.encode())


def nobodys_hash(cost: int) -> str:
    """A hash that no secret matches, for keys that do not exist; comparing costs as much as ever."""
    return bcrypt.gensalt(cost).decode() + secrets.token_hex(16)[:31]
