"""What tests of access to feeds share: the video service's tables, calls, and a look into tokens."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jwt

from local.banking.in_process import api_event, invoke
from tests.integration.appevents.conftest import Reply, User

Query = Callable[..., list[dict[str, Any]]]
ACCESS, SETTINGS = "/api/v1/feed/{owner_id}/access", "/api/v1/settings/feed-access"
KEYS = "/api/v1/feed-access/jwks.json"
SECRET = "öffne dich 7"
TABLES = """
CREATE TABLE IF NOT EXISTS feed_owners (
    owner_id uuid PRIMARY KEY, visibility text NOT NULL, access_version bigint NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE IF NOT EXISTS feed_grants (
    owner_id uuid, viewer_id uuid, access_version bigint NOT NULL, expires_at timestamptz NOT NULL,
    PRIMARY KEY (owner_id, viewer_id));
CREATE TABLE IF NOT EXISTS feed_posts (post_id uuid, owner_id uuid, is_public boolean);
GRANT SELECT, INSERT, UPDATE ON feed_owners, feed_grants, feed_posts TO video_db_app;
"""
"""Where the service of videos is not there yet."""


def make_private(owner: User, passcode: str = SECRET) -> Reply:
    """Put a feed behind a passcode."""
    reply = owner.call("PUT", SETTINGS, {"visibility": "passcode", "passcode": passcode})
    assert reply.status == 200, reply
    return reply


def ask(viewer: User, owner: User, passcode: str = SECRET) -> Reply:
    """Give a passcode at the endpoint."""
    return viewer.call("POST", ACCESS, {"passcode": passcode}, owner_id=owner.id)


def key_set() -> Any:
    """The public keys, as anybody reads them."""
    answer = invoke(api_event("GET", KEYS, {}, b"", ""))
    assert answer["statusCode"] == 200, answer
    return json.loads(answer["body"])


def verified(keys: Any, token: str, **options: Any) -> dict[str, Any]:
    """The claims of an access token, checked as the video service does."""
    kid = jwt.get_unverified_header(token)["kid"]
    key = next(jwt.PyJWK(each) for each in keys["keys"] if each["kid"] == kid)
    wanted = {"audience": "video-service", "issuer": "settings-service", **options}
    return jwt.decode(token, key, algorithms=["ES256"], **wanted)
