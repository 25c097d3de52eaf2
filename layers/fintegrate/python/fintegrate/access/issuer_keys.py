"""The public keys of an issuer of tokens, read from its JSON Web Key Set (RFC 7517).

They are remembered for an hour. A name that is not among them asks the issuer again, at most once a
minute in a process. While the issuer is away the known ones go on for a day; then nobody can say which
tokens are valid (`KeysAway`). A set without a key that can be used is no answer.

A key keeps its object while the issuer says the same of it. Leaves the reading of the set to others
(`fintegrate.outgoing.reading`).
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from fintegrate.access.by_token import KeysAway

log = logging.getLogger(__name__)
FRESH_SECONDS = 3_600.0
STALE_SECONDS = 24 * 3_600.0
ASK_AGAIN_SECONDS = 60.0
_FAMILIES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
"""The type of key that each family of algorithms takes (RFC 7518, section 3.1)."""
_SHORTEST_RSA = 2048
"""Bits (RFC 7518, section 3.3)."""


class _Known(NamedTuple):
    said: Mapping[str, Any]
    """What the issuer says of it."""
    algorithm: str
    key: Any

    def fits(self, algorithm: str) -> bool:
        """Whether the issuer means it for this; one of RSA that does not say it is for all of RSA's."""
        if self.said["kty"] != _FAMILIES.get(algorithm[:2]):
            return False
        is_any = self.said["kty"] == "RSA" and "alg" not in self.said
        return is_any or self.algorithm == algorithm


class IssuerKeys:
    """The keys behind a URL. Thread-safe: a thread whose key is known waits for no other.

    Args:
        read: reads the set of keys at the URL, as text; raises OSError if it cannot be had
        ask_again_seconds: an unknown name asks no sooner after the last time
    """

    def __init__(
        self,
        url: str,
        read: Callable[[str], str],
        clock: Callable[[], float] = time.monotonic,
        ask_again_seconds: float = ASK_AGAIN_SECONDS,
    ) -> None:
        self._url = url
        self._read = read
        self._clock = clock
        self._ask_again_seconds = ask_again_seconds
        self._asking = threading.Lock()
        self._keys: Mapping[str, _Known] = {}
        self._read_at = self._asked_at = float("-inf")
        self._is_away = False

    def key(self, kid: str | None, algorithm: str) -> Any:
        """The key of this name for this algorithm; None if the issuer has none.

        Raises:
            KeysAway: the issuer is away, and the key is not known.
        """
        if self._age() > FRESH_SECONDS or kid not in self._keys:
            self._ask(wait=kid not in self._keys or self._age() > STALE_SECONDS)
        if self._age() > STALE_SECONDS:
            raise KeysAway
        found = self._keys.get(kid) if kid else None
        if found is None:
            if kid and self._is_away:
                raise KeysAway
            return None
        return found.key if found.fits(algorithm) else None

    def _age(self) -> float:
        return self._clock() - self._read_at

    def _ask(self, *, wait: bool) -> None:
        """Read the set again, unless another thread does, or it was asked for just before."""
        if not self._asking.acquire(blocking=wait):
            return
        try:
            if self._clock() - self._asked_at < self._ask_again_seconds:
                return
            self._asked_at = self._clock()
            try:
                self._keys = _kept(self._keys, keys_in(self._read(self._url)))
            except (OSError, ValueError) as error:
                self._is_away = True
                log.warning("the issuer's keys were not read: %s", type(error).__name__)
            else:
                self._read_at, self._is_away = self._clock(), False
        finally:
            self._asking.release()


def _kept(known: Mapping[str, _Known], read: Mapping[str, _Known]) -> dict[str, _Known]:
    return {
        kid: known[kid] if kid in known and known[kid].said == key.said else key
        for kid, key in read.items()
    }


def keys_in(text: str) -> dict[str, _Known]:
    """The public keys of a set that verify signatures, by their names. Others are left out.

    Raises:
        ValueError: it is no set of keys, or none of them can be used.
    """
    try:
        said = json.loads(text)
    except RecursionError:
        raise ValueError("no set of keys") from None
    listed = said.get("keys") if isinstance(said, dict) else None
    found = {}
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, dict) and (key := _public_key(each)) is not None:
            found[each["kid"]] = key
    if not found:
        raise ValueError("no set of keys that can be used")
    return found


def _public_key(said: Mapping[str, Any]) -> _Known | None:
    """The key that an entry describes; None if it is not one to verify signatures with.

    A private key (`d`) is left out: whoever publishes one has lost it.
    """
    import jwt

    kid, uses = said.get("kid"), said.get("key_ops", ["verify"])
    if said.get("kty") not in _FAMILIES.values() or "d" in said:
        return None
    is_for_us = isinstance(uses, list) and "verify" in uses and said.get("use", "sig") == "sig"
    if not isinstance(kid, str) or not is_for_us:
        return None
    try:
        made = jwt.PyJWK(dict(said))
    except Exception as error:  # PyJWT raises many for an entry that is none
        log.warning("a key of the issuer was left out: %s", type(error).__name__)
        return None
    if said["kty"] == "RSA" and made.key.key_size < _SHORTEST_RSA:
        log.warning("a key of the issuer was left out: it is too short")
        return None
    return _Known(said, made.algorithm_name, made.key)
