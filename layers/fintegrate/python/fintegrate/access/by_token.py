"""Authentication by a JSON Web Token (RFC 7519) in the header `Authorization: Bearer …`.

The algorithm and the keys come from the settings, never from the token: a header that names a key's
place (`jku`, `jwk`, `x5u`) is not looked at, and `kid` is a name in our own set of keys. A token with
critical extensions (`crit`, RFC 7515, section 4.1.11) is refused. Which check failed stands in the log
and the metrics; the caller gets one sentence.

A process remembers the digest of a token that it has verified, until the token ends. Keys of an issuer
are in `fintegrate.access.issuer_keys`. Imports PyJWT when a token is verified, so that no other function
pays for it.
"""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from fintegrate.access.caller import Caller, Credentials, Recognised, Refused
from fintegrate.errors import Unauthorized

HEADER = "authorization"
SCHEME = "bearer"
LONGEST = 8 * 1024
LEEWAY_SECONDS = 30
_MOST_REMEMBERED = 10_000
_SENTENCE = "The token is not valid; send a valid one as Authorization: Bearer <token>"


class Keys(Protocol):
    """The keys by which tokens of an issuer are verified."""

    def key(self, kid: str | None, algorithm: str) -> Any:
        """The key of this name for this algorithm; None if there is none."""
        ...


class SharedSecret:
    """One secret, for HS256 only."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def key(self, _kid: str | None, algorithm: str) -> Any:
        return self._secret if algorithm == "HS256" else None


class Rules(NamedTuple):
    """What a token must say."""

    issuer: str
    audience: str
    algorithms: Sequence[str]


class _Verified(NamedTuple):
    user: str
    ends: float
    """By the wall clock, as tokens say it."""


class ByToken:
    """The scheme of tokens. The caller is the token's `sub`, a UUID."""

    def __init__(self, keys: Keys, rules: Rules) -> None:
        self._keys = keys
        self._rules = rules
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()
        self._lock = threading.Lock()

    def carried_by(self, request: Credentials) -> bool:
        return (request.header(HEADER) or "").partition(" ")[0].lower() == SCHEME

    def recognised(self, _request: Credentials) -> Recognised | None:
        """None: a token that was verified costs nothing to look up."""
        return None

    def authenticate(self, request: Credentials, _known: Recognised | None = None) -> Caller:
        """Find the user of this request.

        Raises:
            Refused: the token is missing or not valid (401).
        """
        scheme, _, token = (request.header(HEADER) or "").partition(" ")
        if scheme.lower() != SCHEME:
            sentence = "Authorization is missing; send your token as Authorization: Bearer <token>"
            raise self._refused(sentence, "missing")
        token = token.strip()
        if len(token) > LONGEST:
            raise self._refused(_SENTENCE, "too_long")
        user = self._remembered(token) or self._verify(token)
        return Caller(user, user, user, is_admin=False)

    def _remembered(self, token: str) -> str | None:
        with self._lock:
            known = self._verified.get(_digest(token))
        return known.user if known and time.time() < known.ends else None

    def _verify(self, token: str) -> str:
        import jwt

        try:
            head = jwt.get_unverified_header(token)
            algorithm = str(head.get("alg"))
            if algorithm not in self._rules.algorithms:
                raise self._refused(_SENTENCE, "algorithm")
            if "crit" in head:
                raise self._refused(_SENTENCE, "critical_extension")
            key = self._keys.key(_text(head.get("kid")), algorithm)
            if key is None:
                raise self._refused(_SENTENCE, "unknown_key")
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._rules.audience,
                issuer=self._rules.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "sub", "iss", "aud"], "strict_aud": False},
            )
            user, ends = self._user_of(claims), float(claims["exp"])
        except jwt.PyJWTError as error:
            raise self._refused(_SENTENCE, type(error).__name__) from None
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise self._refused(_SENTENCE, type(error).__name__) from None
        self._remember(token, _Verified(user, ends))
        return user

    def _user_of(self, claims: Mapping[str, Any]) -> str:
        if claims["iss"] != self._rules.issuer:  # a list that contains it is no issuer
            raise self._refused(_SENTENCE, "issuer")
        return str(uuid.UUID(claims["sub"]))

    def _remember(self, token: str, verified: _Verified) -> None:
        with self._lock:
            self._verified[_digest(token)] = verified
            while len(self._verified) > _MOST_REMEMBERED:
                self._verified.popitem(last=False)

    def _refused(self, sentence: str, reason: str) -> Refused:
        return Refused(Unauthorized(sentence, {"WWW-Authenticate": "Bearer"}), reason)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
