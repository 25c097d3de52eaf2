"""Authentication by a JSON Web Token (RFC 7519) in the header `Authorization: Bearer …`.

The algorithm and the keys come from the settings, never from the token: a header that names a key's
place (`jku`, `jwk`, `x5u`) is not looked at, and `kid` is a name in our own set of keys. A token with
critical extensions (`crit`, RFC 7515, section 4.1.11) is refused, and one that its type says is for
something else (`typ`, RFC 8725, section 3.11). Which check failed stands in the log and the metrics; the
caller gets one sentence.

A process remembers the digest of a token that it has verified, until the token ends or its key is no
longer the issuer's. Keys of an issuer are in `fintegrate.access.issuer_keys`. Imports PyJWT when a token
is verified, so that no other function pays for it.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from fintegrate.access.caller import Caller, Credentials, Recognised, Refused
from fintegrate.errors import Unauthorized, Unavailable

log = logging.getLogger(__name__)
HEADER = "authorization"
SCHEME = "bearer"
LONGEST = 8 * 1024
LEEWAY_SECONDS = 30
_LAST = 2**63
_MOST_REMEMBERED = 10_000
_JWS = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
"""Three parts in base64url without padding (RFC 7515, section 7.1). PyJWT skips other characters."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_TYPED, _ACCESS = "+jwt", "at+jwt"
"""A type that ends so is of one use; access (RFC 9068) is ours. An issuer signs others for us, too,
such as `logout+jwt`."""
_AWAY = "The keys by which tokens are checked cannot be had; try again shortly"
_SENTENCE = "The token is not valid; send a valid one as Authorization: Bearer <token>"


class Keys(Protocol):
    """The keys by which tokens of an issuer are verified."""

    def key(self, kid: str | None, algorithm: str) -> Any:
        """The key of this name for this algorithm; None if there is none. It stays the same object.

        Raises:
            KeysAway: nobody can know now.
        """
        ...


class KeysAway(Exception):
    """The issuer is away, and its keys are not known."""


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


class _Refusal(Exception):
    """Which check failed; a few short words."""


class _Verified(NamedTuple):
    user: str
    ends: float
    """By the wall clock, as tokens say it."""
    kid: str | None
    algorithm: str
    key: Any


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
            Refused: the token is missing or not valid (401), or the issuer's keys are not known (503).
        """
        scheme, _, token = (request.header(HEADER) or "").partition(" ")
        if scheme.lower() != SCHEME:
            sentence = "Authorization is missing; send your token as Authorization: Bearer <token>"
            raise _refused(sentence, "missing")
        try:
            user = self._user_of(token.strip())
        except _Refusal as refusal:
            log.info("a token was refused: %s", refusal)
            raise _refused(_SENTENCE, str(refusal)) from None
        except KeysAway:
            raise Refused(Unavailable(_AWAY, 30), "keys_away") from None
        return Caller(user, user, user, is_admin=False)

    def _user_of(self, token: str) -> str:
        if len(token) > LONGEST:
            raise _Refusal("too_long")
        if not _JWS.fullmatch(token):
            raise _Refusal("malformed")
        digest = hashlib.sha256(token.encode()).digest()
        with self._lock:
            known = self._verified.get(digest)
        if known is None or not self._holds(known):
            known = self._verify(token)
            self._remember(digest, known)
        return known.user

    def _holds(self, known: _Verified) -> bool:
        is_running = time.time() < known.ends
        return is_running and self._keys.key(known.kid, known.algorithm) is known.key

    def _verify(self, token: str) -> _Verified:
        import jwt

        try:
            head = jwt.get_unverified_header(token)
            algorithm, kid = self._algorithm_of(head), _text(head.get("kid"))
            key = self._keys.key(kid, algorithm)
            if key is None:
                raise _Refusal("unknown_key")
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._rules.audience,
                issuer=self._rules.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "sub", "iss", "aud"], "strict_aud": False},
            )
        except jwt.PyJWTError as error:
            raise _Refusal(type(error).__name__) from None
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise _Refusal(type(error).__name__) from None
        user, ends = self._read(claims)
        return _Verified(user, ends, kid, algorithm, key)

    def _algorithm_of(self, head: Mapping[str, Any]) -> str:
        algorithm = head.get("alg")
        if not isinstance(algorithm, str) or algorithm not in self._rules.algorithms:
            raise _Refusal("algorithm")
        if "crit" in head:
            raise _Refusal("critical_extension")
        kind = str(head.get("typ", "JWT")).lower().removeprefix("application/")
        if kind.endswith(_TYPED) and kind != _ACCESS:
            raise _Refusal("type")
        return algorithm

    def _read(self, claims: Mapping[str, Any]) -> tuple[str, float]:
        """The user, and when the token ends. What PyJWT takes beyond the standard is refused."""
        if claims["iss"] != self._rules.issuer:  # a list that contains it is no issuer
            raise _Refusal("issuer")
        if not all(_is_time(claims[name]) for name in ("exp", "nbf", "iat") if name in claims):
            raise _Refusal("time")
        if not _UUID.fullmatch(claims["sub"]):
            raise _Refusal("subject")
        return claims["sub"].lower(), float(claims["exp"])

    def _remember(self, digest: bytes, verified: _Verified) -> None:
        with self._lock:
            self._verified[digest] = verified
            self._verified.move_to_end(digest)
            while len(self._verified) > _MOST_REMEMBERED:
                self._verified.popitem(last=False)


def _refused(sentence: str, reason: str) -> Refused:
    return Refused(Unauthorized(sentence, {"WWW-Authenticate": "Bearer"}), reason)


def _is_time(value: object) -> bool:
    """A number of seconds (RFC 7519, section 2) that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) < _LAST  # neither what is no number nor infinity is


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
