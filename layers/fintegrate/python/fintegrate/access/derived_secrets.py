"""Secrets that are worked out and not kept: of a key from a ring and a seed that is no secret.

A seed is the id of its key and random characters, `k1.2f0c…`. Who has the rows has no secret; who has
ring and rows has them all. A key must stay in the ring as long as a row's seed names it: it is out of
use when the owner of each such secret got a new one. A text that others choose cannot be derived:
`fintegrate.access.sealing` keeps those, and costs a package that this does without.

Source of the derivation: HMAC as a function of two inputs, as in the expand step of RFC 5869.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64decode

from fintegrate.access.key_ring import KeyRing

_SEED_BYTES = 16


class DerivedSecrets:
    """The secrets of one ring of keys."""

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring

    def new_seed(self) -> str:
        """The seed of a fresh secret, under the key that writes."""
        key_id, _ = self.ring.writing()
        return f"{key_id}.{secrets.token_hex(_SEED_BYTES)}"

    def of(self, seed: str, place: str) -> bytes:
        """The 32 bytes of a seed's secret.

        Args:
            place: what the secret is for; the same seed gives another secret elsewhere

        Raises:
            KeyMissing: the ring has no such key.
        """
        key = urlsafe_b64decode(self.ring.key(seed.rpartition(".")[0]))
        return hmac.digest(key, f"{place}\n{seed}".encode(), "sha256")
