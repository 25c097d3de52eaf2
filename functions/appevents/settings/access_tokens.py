"""Feed access tokens: they prove to the video service that a viewer may see a feed."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from chalicelib.appevents.settings.signing_keys import ALGORITHM, SigningKey

TYPE = "feed-access+jwt"
ISSUER, AUDIENCE = "settings-service", "video-service"


class AccessToken(NamedTuple):
    """A token and when it ends."""

    text: str
    expires_at: datetime


def sign(key: SigningKey, user_id: str, owner_id: str, version: int, seconds: int) -> AccessToken:
    """Sign that a user may see an owner's feed, as long as its version does not change."""
    import jwt

    now = datetime.now(UTC).replace(microsecond=0)
    ends = now + timedelta(seconds=seconds)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": user_id,
        "feed_owner_id": owner_id,
        "ver": version,
        "iat": now,
        "nbf": now,
        "exp": ends,
        "jti": str(uuid.uuid4()),
    }
    headers = {"typ": TYPE, "kid": key.kid}
    return AccessToken(jwt.encode(claims, key.private, ALGORITHM, headers=headers), ends)
