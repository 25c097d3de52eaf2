"""Tokens as an issuer would make them, for the functions of this checkout. They share its secret."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Mapping

import jwt

from local.services.installation import Installation

ALGORITHM = "HS256"
NAMES = ("ALICE", "BOB")
"""The users that a checkout knows from its first start on."""
HOURS = 24.0


class NoTokens(RuntimeError):
    """No token can be made; the text says why."""


def can_make(settings: Mapping[str, str]) -> bool:
    """Whether the functions with these settings check tokens by a shared secret."""
    return bool(settings.get("JWT_SHARED_SECRET")) and not settings.get("JWT_JWKS_URL")


def make_token(settings: Mapping[str, str], user: str, hours: float) -> str:
    """A token that functions with these settings accept; it is stored nowhere.

    Raises:
        NoTokens: the functions know no shared secret.
    """
    if not can_make(settings):
        raise NoTokens("JWT_SHARED_SECRET is not set: the issuer of JWT_JWKS_URL makes the tokens")
    now = int(time.time())
    claims = {
        "sub": user,
        "iss": settings["JWT_ISSUER"],
        "aud": settings["JWT_AUDIENCE"],
        "iat": now,
        "exp": now + int(hours * 3600),
    }
    return jwt.encode(claims, settings["JWT_SHARED_SECRET"], ALGORITHM)


def user_id(text: str) -> str:
    """A user's id, as tokens have it; a new one if none is given.

    Raises:
        NoTokens: it is no UUID.
    """
    try:
        return str(uuid.UUID(text)) if text else str(uuid.uuid4())
    except ValueError:
        raise NoTokens(f"USER must be a UUID, got {text!r}") from None


def user_of(settings: Mapping[str, str], name: str) -> str:
    """The id of one of the checkout's users. It stays the same as long as the secret does."""
    secret = hashlib.sha256(settings["JWT_SHARED_SECRET"].encode()).hexdigest()
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{secret}/{name}"))


def with_users(installation: Installation) -> Installation:
    """The same, announcing the checkout's users with a token each, unless another issuer makes these."""
    settings = installation.environment
    if not can_make(settings):
        return installation
    said: dict[str, str] = {}
    for name in NAMES:
        user = user_of(settings, name)
        said |= {f"APP_TOKEN_{name}": make_token(settings, user, HOURS), f"APP_USER_{name}": user}
    return installation.announcing(said)


def ready_to_paste(installation: Installation) -> str:
    """The checkout's users, each with lines for a shell that has read `.local/env`.

    One calls the API. The other prints a link that opens the demo page and signs in.

    Empty where another issuer makes the tokens. No token is shown.
    """
    said = installation.said_too
    known = [name for name in NAMES if f"APP_USER_{name}" in said]
    if not known:
        return ""
    calls = [
        f"  {name.capitalize()} is {said[f'APP_USER_{name}']}\n"
        f'    curl "$BASE_URL/api/v1/notify/events" -H "Authorization: Bearer $APP_TOKEN_{name}"\n'
        f'    echo "$BASE_URL/app/demo#token=$APP_TOKEN_{name}&name={name.capitalize()}"\n'
        for name in known
    ]
    return "Two users of the app, with tokens for a day:\n" + "".join(calls)
