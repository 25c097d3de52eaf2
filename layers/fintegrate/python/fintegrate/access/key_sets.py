"""The public keys of an issuer that is this process itself, or nobody; `IssuerKeys` has others'."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fintegrate.access.by_token import Keys
from fintegrate.access.issuer_keys import IssuerKeys
from fintegrate.errors import Unavailable

_HERE = "this process"
_AGAIN_SECONDS = 1.0
"""A key that a rotation has just made is known so soon. To read the set costs little here."""


class NoKeys:
    """Nobody has said where the keys are, so no token is good."""

    def key(self, _kid: str | None, _algorithm: str) -> Any:
        return None


def keys_shown(show: Callable[[], str]) -> Keys:
    """The keys of the set that this process shows to others. It sends no request to itself.

    Args:
        show: gives the set as text; raises Unavailable if its database is away
    """

    def read(_: str) -> str:
        try:
            return show()
        except Unavailable as error:
            raise OSError(str(error)) from None

    return IssuerKeys(_HERE, read, ask_again_seconds=_AGAIN_SECONDS)
