"""Whether a request may see a feed.

A token of the service of settings, in the header `X-Feed-Access`, lets a viewer see the feed of one
owner, until the owner changes anything. This service has the public keys only.
"""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

from chalicelib.appevents.video.access import feed_of
from chalicelib.appevents.video.posts import find_post
from fintegrate.access.by_token import LEEWAY_SECONDS, LONGEST, Keys, KeysAway
from fintegrate.database import Row
from fintegrate.errors import Forbidden, NotFound, Unauthorized, Unavailable
from fintegrate.http.endpoint import Call

HEADER, TYPE = "x-feed-access", "feed-access+jwt"
ISSUER, AUDIENCE, ALGORITHM = "settings-service", "video-service", "ES256"
_CLAIMS = ["iss", "aud", "sub", "feed_owner_id", "ver", "iat", "nbf", "exp", "jti"]
REQUIRED = "feed_access_required"
_AWAY = "The keys that check feed access tokens cannot be read; try again shortly"


class Access(NamedTuple):
    """What a token lets its viewer see."""

    owner_id: str
    access_version: int


def check_feed(keys: Keys, call: Call[Any], owner_id: str) -> None:
    """Let the caller see an owner's feed.

    Raises:
        Unauthorized: it is not public, and nobody said who calls.
        Forbidden: the caller has no token for it, or one that is not good any more.
        Unavailable: the keys of tokens cannot be had.
    """
    viewer = call.caller.owner_id
    feed = feed_of(call.db, owner_id)
    if feed.is_public or viewer == owner_id:
        return
    if not viewer:
        words = "This feed is not public; send your token as Authorization: Bearer <token>"
        raise Unauthorized(words, {"WWW-Authenticate": "Bearer"})
    token = call.request.header(HEADER) or ""
    if verified(keys, token, viewer) != Access(owner_id, feed.access_version):
        words = (
            "This feed is behind a passcode; ask for access, then send its token as X-Feed-Access"
        )
        raise Forbidden(words, reason=REQUIRED)


def seen_post(keys: Keys, call: Call[Any], post_id: str) -> Row:
    """A post that the caller may see.

    Raises:
        NotFound: there is none.
        Unauthorized, Forbidden, Unavailable: as `check_feed`.
    """
    post = find_post(call.db, call.caller.owner_id or None, post_id)
    if post is None:
        raise NotFound("No such post; check its id")
    check_feed(keys, call, post["owner_id"])
    return post


def verified(known: Keys, token: str, viewer: str) -> Access | None:
    """What a token lets this viewer see; None if it is not good. Its algorithm is ours to say.

    Raises:
        Unavailable: the keys cannot be had, so nobody can know.
    """
    if not token or len(token) > LONGEST:
        return None
    import jwt

    try:
        head = jwt.get_unverified_header(token)
        kid = head.get("kid")
        is_ours = head.get("typ") == TYPE and head.get("alg") == ALGORITHM and "crit" not in head
        key = known.key(kid, ALGORITHM) if is_ours and isinstance(kid, str) else None
        if key is None:
            return None
        said = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY_SECONDS,
            options={"require": _CLAIMS, "strict_aud": True},
        )
        if said["sub"] != viewer or type(said["ver"]) is not int:
            return None
        return Access(str(uuid.UUID(said["feed_owner_id"])), said["ver"])
    except KeysAway:
        raise Unavailable(_AWAY, 30) from None
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
