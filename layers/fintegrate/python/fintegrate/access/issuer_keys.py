"""The public keys of an issuer of tokens, read from its JSON Web Key Set (RFC 7517).

They are remembered for an hour. A name that is not among them asks the issuer again, at most once a
minute in a process. While the issuer is away the known ones go on for a day. Leaves the reading of the
set to others (`fintegrate.outgoing.reading`).
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

log = logging.getLogger(__name__)
FRESH_SECONDS = 3_600.0
STALE_SECONDS = 24 * 3_600.0
ASK_AGAIN_SECONDS = 60.0
_FAMILIES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
"""The type of key that each family of algorithms takes (RFC 7518, section 3.1)."""


class IssuerKeys:
    """The keys behind a URL. Thread-safe.

    Args:
        read: reads the set of keys at the URL, as text; raises OSError if it cannot be had
    """

    def __init__(
        self,
        url: str,
        read: Callable[[str], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: Mapping[str, Any] = {}
        self._read_at = self._asked_at = float("-inf")

    def key(self, kid: str | None, algorithm: str) -> Any:
        """The key of this name for this algorithm; None if the issuer has none."""
        with self._lock:
            age = self._clock() - self._read_at
            if age > FRESH_SECONDS or kid not in self._keys:
                self._ask()
            if self._clock() - self._read_at > STALE_SECONDS:
                return None
            found = self._keys.get(kid or "")
        if found is None or found.key_type != _FAMILIES.get(algorithm[:2]):
            return None
        return found if found.algorithm_name == algorithm else None

    def _ask(self) -> None:
        if self._clock() - self._asked_at < ASK_AGAIN_SECONDS:
            return
        self._asked_at = self._clock()
        try:
            self._keys = keys_in(self._read(self._url))
            self._read_at = self._clock()
        except (OSError, ValueError) as error:
            log.warning("the issuer's keys were not read: %s", type(error).__name__)


def keys_in(text: str) -> dict[str, Any]:
    """The public keys of a set, by their names. Others, such as shared ones, are left out.

    Raises:
        ValueError: it is no set of keys.
    """
    import jwt

    said = json.loads(text)
    listed = said.get("keys") if isinstance(said, dict) else None
    if listed is None:
        raise ValueError("no set of keys")
    found: dict[str, Any] = {}
    for each in listed if isinstance(listed, list) else []:
        if not isinstance(each, dict) or each.get("kty") not in set(_FAMILIES.values()):
            continue
        try:
            found[str(each["kid"])] = jwt.PyJWK(each)
        except (jwt.PyJWTError, KeyError, ValueError) as error:
            log.warning("a key of the issuer was left out: %s", type(error).__name__)
    return found
