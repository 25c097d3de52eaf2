"""What the tests of keys ask of a key."""

from __future__ import annotations

from tests.support.api import Api, Reply
from tests.support.fixtures import Query
from tests.support.keys import key_id


def works(key: str | None) -> Reply:
    """What a request with this key gets."""
    return Api(key).get("/customer/list")


def let_it_expire(query: Query, key: str | None) -> None:
    query(
        "UPDATE consumer_api_keys SET expires_at = clock_timestamp() WHERE key_id = %(id)s",
        id=key_id(key),
    )
