"""The keys of consumers in the database: finding one, and issuing one."""

from __future__ import annotations

from fintegrate.api_keys import ApiKey, hash_secret
from fintegrate.database import Database, Row, UniqueViolation
from fintegrate.errors import Conflict, NotFound
from fintegrate.queries import queries_beside

SQL = queries_beside(__file__)
ACTIVE_KEY_EXISTS = "An active key exists; send rotate: true to replace it at once"


def find_key(db: Database, key_id: str) -> Row | None:
    """The row that authenticates a request. The first statement of a request, so it may revive."""
    return db.fetch_one(SQL["find_key"], {"key_id": key_id}, revive=True)


def issue_key(
    db: Database, consumer_id: str, key: ApiKey, *, rotate: bool, expires_in_days: int, cost: int
) -> None:
    """Store a key as its consumer's active one, inside the caller's transaction.

    Raises:
        NotFound: there is no such consumer.
        Conflict: an active key exists and `rotate` is false.
    """
    hashed = hash_secret(key.secret, cost)  # slow on purpose: before any lock is taken
    scope = {"consumer_id": consumer_id}
    if db.fetch_one(SQL["lock_consumer"], scope) is None:
        raise NotFound("No such consumer; check consumer_id")
    db.execute(SQL["expire_due_key"], scope)
    if rotate:
        db.execute(SQL["deactivate_active_key"], scope)
    row = {"key_id": key.key_id, "api_key_hash": hashed, "expires_in_days": expires_in_days}
    try:
        db.execute(SQL["insert_key"], {**scope, **row})
    except UniqueViolation as error:
        raise Conflict(ACTIVE_KEY_EXISTS) from error
