"""A name, and the secret that is to prove that its sender may use it: an API key, a user's password.

Leaves to others how many claims are compared (`fintegrate.access.secret_verifier`).
"""

from __future__ import annotations

from typing import Protocol


class Claim(Protocol):
    """What a caller says. Its repr shows no secret."""

    @property
    def name(self) -> str:
        """What bounds go by, also in the names of what Redis keeps."""

    @property
    def pair(self) -> str:
        """Name and secret in one text, as no other pair has."""

    @property
    def signed(self) -> bool:
        """Whether nobody but the server can write such a claim, whatever its secret is."""

    def fingerprint(self) -> bytes:
        """What a process may keep of it."""

    def matches(self, stored: str) -> bool:
        """Compare with bcrypt; `stored` is a hash, or several if the claim takes several."""
