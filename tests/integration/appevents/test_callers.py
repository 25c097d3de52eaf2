"""What callers without a valid token learn, and what the operator does."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from app import app
from chalicelib.appevents import wiring
from fintegrate.settings import SettingsError
from tests.integration.appevents.conftest import Reply, User

EVENTS = "/api/v1/notify/events"
SENTENCE = "The token is not valid; send a valid one as Authorization: Bearer <token>"


@pytest.fixture
def secret(environment: dict[str, str]) -> str:
    return environment["JWT_SHARED_SECRET"]


def token(environment: dict[str, str], user: User, secret: str, **changed: Any) -> str:
    said = {
        "sub": user.id,
        "iss": environment["JWT_ISSUER"],
        "aud": environment["JWT_AUDIENCE"],
        "exp": int(time.time()) + 3600,
        **changed,
    }
    return jwt.encode({k: v for k, v in said.items() if v is not None}, secret, "HS256")


@pytest.mark.parametrize(
    ("changed", "check"),
    [
        ({"exp": 1}, "ExpiredSignatureError"),
        ({"iss": "https://other.example"}, "InvalidIssuerError"),
        ({"aud": "other"}, "InvalidAudienceError"),
        ({"sub": "ann"}, "subject"),
        ({"exp": None}, "MissingRequiredClaimError"),
    ],
)
def test_refusal_says_nothing_of_the_check(
    user: User,
    environment: dict[str, str],
    secret: str,
    changed: dict[str, Any],
    check: str,
    caplog: pytest.LogCaptureFixture,
    running: wiring.Parts,
) -> None:
    user.token = token(environment, user, secret, **changed)

    with caplog.at_level(logging.INFO):
        reply = user.call("GET", EVENTS)

    assert (reply.status, reply.description, reply.data) == (401, SENTENCE, {})
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert f"a token was refused: {check}" in caplog.text
    assert user.token not in caplog.text
    counted = running.metrics.read() or {}
    assert any("auth_refusals_total" in name and check in name for name in counted)


def test_forged_signatures_are_refused(user: User, environment: dict[str, str]) -> None:
    user.token = token(environment, user, "a secret that somebody else made up, long enough")

    assert user.call("GET", EVENTS).description == SENTENCE


def test_key_of_operators_is_no_users(user: User, environment: dict[str, str]) -> None:
    headers = {"Authorization": "", "X-API-Key": environment["ADMIN_API_KEY"]}

    assert user.call("GET", EVENTS, headers=headers).status == 401


FOR_ANYBODY = {
    "/api/v1/feed",
    "/api/v1/feed/{owner_id}",
    "/api/v1/posts/{post_id}",
    "/api/v1/posts/{post_id}/comments",
    "/api/v1/feed-access/jwks.json",
}
"""Public feeds, posts and comments, and the public keys."""
FOR_OPERATORS = {"/api/v1/health", "/api/v1/metrics"}
"""Of the whole installation, with tests of their own."""


def test_everything_else_needs_a_token(user: User) -> None:
    app.serve_everything()
    routes = [
        (path, method)
        for path, methods in app.routes.items()
        for method in methods
        if path.startswith("/api/v1/") and path not in FOR_ANYBODY | FOR_OPERATORS
    ]
    assert len(routes) > 25
    for path, method in routes:
        parameters = dict.fromkeys(re.findall(r"{(\w+)}", path), str(uuid.uuid4()))
        body = None if method == "GET" else {}
        for authorization in ("", "Bearer a.b.c", "Basic YTpi"):
            headers = {"Authorization": authorization}
            reply = user.call(method, path, body, headers=headers, **parameters)
            assert (reply.status, reply.data) == (401, {}), (method, path)


@pytest.fixture
def broken(environment: dict[str, str], running: wiring.Parts) -> Iterator[dict[str, str]]:
    """Settings to spoil; the parts are made of them at the next request."""
    own = dict(environment)
    yield own
    wiring.use(running)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"JWT_JWKS_URL": "https://issuer.example/keys"}, "one of JWT_JWKS_URL"),
        ({"JWT_SHARED_SECRET": ""}, "one of JWT_JWKS_URL"),
        ({"JWT_SHARED_SECRET": "short"}, "at least 32 bytes"),
        ({"JWT_ALGORITHMS": "HS256,RS256"}, "JWT_ALGORITHMS"),
        ({"JWT_ISSUER": ""}, "JWT_ISSUER is not set"),
    ],
)
def test_wrong_settings_serve_nobody(
    user: User,
    broken: dict[str, str],
    changed: dict[str, str],
    said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    wiring.use(wiring.build(broken | changed))

    reply: Reply = user.call("GET", EVENTS)

    assert reply.status == 500
    assert said in caplog.text
    assert "AttributeError" not in caplog.text
    with pytest.raises(SettingsError, match=said):
        wiring.request_parts()
    assert str(uuid.UUID(user.id)) not in reply.description


@pytest.mark.parametrize("url", ["http://keys.example/jwks.json", "https://10.0.0.1/jwks.json"])
def test_address_of_keys_must_be_safe(environment: dict[str, str], url: str) -> None:
    deployed = {**environment, "STAGE": "prod", "FEED_ACCESS_JWKS_URL": url}

    with pytest.raises(SettingsError, match="FEED_ACCESS_JWKS_URL cannot be used"):
        wiring.build(deployed)
