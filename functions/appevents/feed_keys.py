"""The public keys of feed access tokens, as the video service gets them from the settings.

The API answers for both services, so it takes the set of keys in its own process. It sends no request to
itself, and needs no address that a stack cannot know before it is made (decision 0047). Where another
API answers for the settings, `FEED_ACCESS_JWKS_URL` says where the set is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from fintegrate.access.by_token import Keys
from fintegrate.access.issuer_keys import IssuerKeys
from fintegrate.errors import Unavailable

HERE = "the service of settings, in this process"
_AGAIN_SECONDS = 1.0
"""A key that a rotation has just made is known so soon. To read the set costs little here."""


class NoKeys:
    """Nobody has said where the keys are, so no token is good."""

    def key(self, _kid: str | None, _algorithm: str) -> Any:
        return None


@lru_cache(maxsize=2)
def keys_at(url: str) -> Keys:
    """The keys of the set at a URL."""
    from fintegrate.outgoing.reading import read_text
    from fintegrate.outgoing.urls import host_of

    return IssuerKeys(url, partial(read_text, allowed=host_of(url)))


def keys_shown(show: Callable[[], str]) -> Keys:
    """The keys of the set that is shown here.

    Args:
        show: gives the set as text; raises Unavailable if its database is away
    """

    def read(_: str) -> str:
        try:
            return show()
        except Unavailable as error:
            raise OSError(str(error)) from None

    return IssuerKeys(HERE, read, ask_again_seconds=_AGAIN_SECONDS)
