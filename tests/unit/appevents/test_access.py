"""Which settings of tokens and keys go together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.appevents.access import schemes_of
from chalicelib.appevents.configuration import Configuration
from fintegrate.access.by_token import SharedSecret
from fintegrate.access.issuer_keys import IssuerKeys
from fintegrate.settings import SettingsError

SECRET = "a secret of these tests, 32 bytes long"
URL = "https://issuer.example/.well-known/jwks.json"
BY_SECRET: dict[str, Any] = {"jwt_algorithms": "HS256", "jwt_shared_secret": SECRET}
BY_KEYS: dict[str, Any] = {"jwt_algorithms": "RS256, ES256", "jwt_jwks_url": URL}


def settings(**changed: Any) -> Configuration:
    none = Configuration(app_rabbitmq_url="", redis_url="", stage="prod")
    return replace(none, jwt_issuer="https://issuer.example", jwt_audience="app", **changed)


def keys_of(own: Configuration) -> Any:
    return schemes_of(own)["Bearer"]._keys  # type: ignore[attr-defined]


def test_secret_or_keys_are_taken() -> None:
    assert isinstance(keys_of(settings(**BY_SECRET)), SharedSecret)
    assert isinstance(keys_of(settings(**BY_KEYS)), IssuerKeys)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"jwt_algorithms": "HS256"}, "one of JWT_JWKS_URL and JWT_SHARED_SECRET"),
        ({**BY_SECRET, "jwt_jwks_url": URL}, "one of JWT_JWKS_URL and JWT_SHARED_SECRET"),
        ({**BY_SECRET, "jwt_shared_secret": SECRET[:31]}, "at least 32 bytes"),
        ({**BY_SECRET, "jwt_algorithms": ""}, "JWT_ALGORITHMS"),
        ({**BY_SECRET, "jwt_algorithms": "HS256,none"}, "JWT_ALGORITHMS"),
        ({**BY_SECRET, "jwt_algorithms": "None"}, "JWT_ALGORITHMS"),
        ({**BY_SECRET, "jwt_algorithms": "HS256,RS256"}, "of HS256 only"),
        ({**BY_SECRET, "jwt_algorithms": "HS512"}, "of HS256 only"),
        ({**BY_KEYS, "jwt_algorithms": "RS256,HS256"}, "with JWT_JWKS_URL"),
        ({**BY_KEYS, "jwt_algorithms": "rs256"}, "with JWT_JWKS_URL"),
        ({**BY_KEYS, "jwt_jwks_url": "http://issuer.example/keys"}, "https"),
        ({**BY_KEYS, "jwt_jwks_url": "https://127.0.0.1/keys"}, "not public"),
        ({**BY_KEYS, "jwt_jwks_url": "https://[::1"}, "JWT_JWKS_URL"),
        ({**BY_KEYS, "jwt_jwks_url": "file:///etc/passwd"}, "https"),
        ({**BY_SECRET, "app_admin_key_hashes": SECRET}, "APP_ADMIN_KEY_HASHES"),
    ],
)
def test_settings_that_do_not_go_together(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as refused:
        schemes_of(settings(**changed))

    assert SECRET[:31] not in str(refused.value)


def test_audience_is_needed() -> None:
    with pytest.raises(SettingsError, match="JWT_AUDIENCE"):
        schemes_of(replace(settings(**BY_SECRET), jwt_audience=""))


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/keys", "http://localhost/keys", URL])
def test_own_machine_has_its_own_issuer(url: str) -> None:
    own = replace(settings(**BY_KEYS), stage="local", jwt_jwks_url=url)

    assert isinstance(keys_of(own), IssuerKeys)


def test_no_issuer_means_no_users() -> None:
    assert list(schemes_of(replace(settings(), jwt_issuer=""))) == ["ApiKey"]
