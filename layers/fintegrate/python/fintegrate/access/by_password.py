"""Authentication by user and password: HTTP Basic (RFC 7617).

A name without a user costs the same bcrypt as a wrong password and gets the same answer, so nobody
learns which names there are. Nor does a log or the audit log show such a name: it may be a password in
the wrong place. A process compares a password with bcrypt once. It keeps a digest only.

A password is compared as it was sent, in UTF-8. One of more than 72 bytes is always wrong, because
bcrypt would ignore what follows them, and so is an empty one. AWS's REST APIs rename the challenge of a
401 to `x-amzn-remapped-www-authenticate`, so callers there must send their password unasked.

Leaves to others who the users are (`fintegrate.access.users`).
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field

import bcrypt

from fintegrate.access.caller import Caller, Credentials, Recognised, Refused
from fintegrate.access.proofs import Proofs
from fintegrate.access.secret_verifier import SecretVerifier, compare
from fintegrate.access.users import User, Users
from fintegrate.errors import Unauthorized
from fintegrate.redis_connection import RedisConnections

HEADER = "authorization"
NOBODY = "(unknown)"
"""The `key_id` of refused callers who say no user's name. No user has this name. The audit log shows it,
within its bound of rows for callers whom nobody knows."""
LONGEST = 72
"""Bytes of a password that bcrypt reads."""
_NO_PASSWORD = b"\0"
"""Compared in place of what is always wrong, so that it takes as long. Nobody can send it."""
_BASIC = re.compile(r"basic(?: +(.*?) *)?", re.IGNORECASE | re.ASCII | re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_REALM = re.compile(r"[A-Za-z0-9 ._-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Password:
    """A name and a password as they were sent; a `fintegrate.access.claim.Claim`."""

    realm: str
    user: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def name(self) -> str:
        """A digest, because callers make names up: of one length, and another one in each realm."""
        return hashlib.sha256(f"{self.realm}\0{self.user}".encode()).hexdigest()[:32]

    @property
    def pair(self) -> str:
        return f"{self.name} {len(self.password)} {self.password}"

    @property
    def signed(self) -> bool:
        return False

    def fingerprint(self) -> bytes:
        return hashlib.sha256(self.pair.encode()).digest()

    def matches(self, stored: str) -> bool:
        """Compare with each hash until one matches; a wrong password is compared with all."""
        sent = self.password.encode()
        compared = sent if 0 < len(sent) <= LONGEST else _NO_PASSWORD
        matched = any(bcrypt.checkpw(compared, one.encode()) for one in stored.split())
        return matched and compared is sent


class ByPassword:
    """The scheme of passwords.

    Args:
        realm: what the challenge calls the place; letters, digits, spaces and `. _ -`
        admin_role: the role whose users are admins
        wrong_per_minute: wrong passwords of one name that are compared, over all processes
        all_wrong_per_minute: wrong passwords of all names that one process compares
        proofs: let other processes take a password that one has compared

    Raises:
        ValueError: the realm has other characters.
    """

    def __init__(
        self,
        users: Users,
        *,
        realm: str,
        admin_role: str,
        wrong_per_minute: int = 5,
        all_wrong_per_minute: int = 30,
        redis: RedisConnections | None = None,
        proofs: Proofs | None = None,
    ) -> None:
        if not _REALM.fullmatch(realm):
            raise ValueError("a realm has letters, digits, spaces and . _ - only")
        self._users = users
        self._verifier = SecretVerifier(
            wrong_per_minute,
            all_wrong_per_minute,
            nobodys=users.nobodys,
            guessable=True,
            redis=redis,
            proofs=proofs,
        )
        self._realm = realm
        self._admin_role = admin_role

    def carried_by(self, request: Credentials) -> bool:
        return _BASIC.fullmatch(request.header(HEADER) or "") is not None

    def recognised(self, request: Credentials) -> Recognised | None:
        claim = self._read(request)
        if claim is None or not self._verifier.recognises(claim):
            return None
        user = self._users.by_name.get(claim.user)
        return Recognised(user.name, claim) if user else None

    def authenticate(self, request: Credentials, known: Recognised | None = None) -> Caller:
        """Find the caller of this request.

        Raises:
            Refused: user and password are missing, malformed or wrong (401), or too many wrong passwords
                were tried (429).
        """
        if not self.carried_by(request):
            raise self._refused(
                "Authorization is missing; send your user and password by HTTP Basic",
                "missing",
                NOBODY,
            )
        seen = known.claim if known else None
        claim = seen if isinstance(seen, Password) else self._read(request)
        if claim is None:
            raise self._wrong("malformed", NOBODY)
        user = self._users.by_name.get(claim.user)
        if not self._matches(claim, user) or user is None:
            raise self._wrong("unknown", user.name if user else NOBODY, exists=user is not None)
        is_admin = user.role == self._admin_role
        return Caller(user.name, user.name, user.name, is_admin, role=user.role)

    def _read(self, request: Credentials) -> Password | None:
        """What the header has; None where it breaks RFC 7617."""
        found = _BASIC.fullmatch(request.header(HEADER) or "")
        if found is None:
            return None
        try:
            text = base64.b64decode(found[1] or "", validate=True).decode()
        except ValueError:
            return None
        user, colon, password = text.partition(":")
        if not colon or _CONTROL.search(text):
            return None
        return Password(self._realm, user, password)

    def _matches(self, claim: Password, user: User | None) -> bool:
        return compare(
            self._verifier,
            claim,
            user.stored if user else None,
            user.name if user else NOBODY,
            too_many="Too many wrong passwords for this user; check it and try again",
            busy="Another password of this user is being checked; try again",
        )

    def _wrong(self, reason: str, key_id: str, *, exists: bool = False) -> Refused:
        return self._refused("The user or the password is wrong", reason, key_id, exists=exists)

    def _refused(self, sentence: str, reason: str, key_id: str, *, exists: bool = False) -> Refused:
        challenge = {"WWW-Authenticate": f'Basic realm="{self._realm}"'}
        return Refused(Unauthorized(sentence, challenge), reason, key_id, exists=exists)
