"""Who may call app.events, by the settings: users by token, operators by a key or the console's pass."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from chalicelib.appevents.configuration import Configuration
from fintegrate.access.by_key_hash import ByKeyHash
from fintegrate.access.by_token import ByToken, Keys, Rules, SharedSecret
from fintegrate.access.caller import Scheme
from fintegrate.access.passes import ByPass, Passes
from fintegrate.settings import SettingsError

BEARER, API_KEY, PASS = "Bearer", "ApiKey", "Pass"
SHORTEST_SECRET = 32
SYMMETRIC = ("HS256",)
ASYMMETRIC = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)


def schemes_of(settings: Configuration) -> Mapping[str, Scheme]:
    """The schemes by name. Without an issuer no user may call: what serves no request needs none.

    Raises:
        SettingsError: a setting cannot be read, or does not go with another.
    """
    admin = ByKeyHash("APP_ADMIN_KEY_HASHES", settings.app_admin_key_hashes)
    if not settings.jwt_issuer:
        return {API_KEY: admin}
    keys = _keys(settings)
    rules = Rules(settings.jwt_issuer, settings.jwt_audience, _algorithms(settings))
    return {BEARER: ByToken(keys, rules), API_KEY: admin}


def passes_of(settings: Configuration) -> Mapping[str, Scheme]:
    """The scheme of the console's operators, which only their own endpoints take.

    Raises:
        SettingsError: the secret is too short.
    """
    if not settings.console_pass_key:
        return {}
    passes = Passes("CONSOLE_PASS_KEY", settings.console_pass_key)
    return {PASS: ByPass(passes, "appevents")}


def _algorithms(settings: Configuration) -> tuple[str, ...]:
    """A public key must never be taken for a secret, nor a secret for a key of another algorithm."""
    named = tuple(filter(None, (each.strip() for each in settings.jwt_algorithms.split(","))))
    if not named or not settings.jwt_audience:
        raise SettingsError("JWT_ALGORITHMS and JWT_AUDIENCE must be set with JWT_ISSUER")
    place = "JWT_JWKS_URL" if settings.jwt_jwks_url else "JWT_SHARED_SECRET"
    possible = ASYMMETRIC if settings.jwt_jwks_url else SYMMETRIC
    if not set(named) <= set(possible):
        raise SettingsError(
            f"JWT_ALGORITHMS must hold, with {place}, of {', '.join(possible)} only"
        )
    return named


def _keys(settings: Configuration) -> Keys:
    if bool(settings.jwt_jwks_url) == bool(settings.jwt_shared_secret):
        raise SettingsError("Set one of JWT_JWKS_URL and JWT_SHARED_SECRET, and not both")
    if settings.jwt_jwks_url:
        return keys_at(settings.jwt_jwks_url, settings.stage, "JWT_JWKS_URL")
    if len(settings.jwt_shared_secret.encode()) < SHORTEST_SECRET:
        raise SettingsError(f"JWT_SHARED_SECRET must have at least {SHORTEST_SECRET} bytes")
    return SharedSecret(settings.jwt_shared_secret)


def keys_at(url: str, stage: str, setting: str) -> Keys:
    """The public keys of the set at the URL of a setting.

    Raises:
        SettingsError: no request may go there.
    """
    from fintegrate.access.issuer_keys import IssuerKeys
    from fintegrate.outgoing.reading import read_text
    from fintegrate.outgoing.urls import own_hosts

    return IssuerKeys(url, partial(read_text, allowed=own_hosts(url, stage, setting)))
