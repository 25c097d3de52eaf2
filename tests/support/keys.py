"""API keys for tests: genuine ones, and what somebody makes up who knows a public id."""

from __future__ import annotations

import secrets
import uuid

from fintegrate.access.keys import ApiKey, ApiKeys, hash_secret
from local.machine.checkout import Checkout
from local.services.settings import secret_settings
from tests.support.fixtures import Query


def api_keys() -> ApiKeys:
    """Reads and writes the keys of this checkout's functions."""
    return ApiKeys(secret_settings(Checkout())["API_KEY_CHECK_SECRET"])


def new_key() -> str:
    """A key that the functions could have issued and have not."""
    return api_keys().text(api_keys().new())


def parsed(text: str | None) -> ApiKey:
    key = api_keys().parse(text or "")
    assert key is not None
    return key


def key_id(text: str | None) -> str:
    """The public id of a key."""
    return parsed(text).key_id


def with_wrong_secret(text: str | None) -> str:
    """A key of this id with another secret and a right check, which nobody else can make."""
    return api_keys().text(ApiKey(key_id(text), secrets.token_hex(32)))


def unsigned_key(of: str | None = None) -> str:
    """A key of the older form, as anybody can write it: of this id, or of one that does not exist."""
    return api_keys().text(ApiKey(of or str(uuid.uuid4()), secrets.token_hex(32)))


def issue_unsigned(query: Query, consumer_id: str) -> str:
    """Give a consumer a key of the older form in place of its own, and return it."""
    key = ApiKey(str(uuid.uuid4()), secrets.token_hex(32))
    query(
        "UPDATE consumer_api_keys SET api_key_status = 'deactivated' WHERE consumer_id = %(id)s",
        id=consumer_id,
    )
    query(
        "INSERT INTO consumer_api_keys (key_id, consumer_id, api_key_hash, expires_at) "
        "VALUES (%(key_id)s, %(id)s, %(hash)s, clock_timestamp() + interval '1 day')",
        key_id=key.key_id,
        id=consumer_id,
        hash=hash_secret(key.secret, 4),
    )
    return api_keys().text(key)
