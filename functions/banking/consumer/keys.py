"""Consumers' keys in the database: find, issue, deactivate and expire them."""

from __future__ import annotations

from chalicelib.banking.tenants import ADMIN_ID
from fintegrate.access.keys import ApiKey, hash_secret
from fintegrate.database import Database, Row, UniqueViolation
from fintegrate.errors import Conflict, NotFound
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
ACTIVE_KEY_EXISTS = "An active key exists; send rotate: true to replace it"
ADMINS_KEY = (
    "The admin's own key comes from the configuration; set another ADMIN_API_KEY and run the "
    "migration step"
)
IN_ONBOARDING = "This consumer's onboarding is not finished; POST /consumer/onboard makes its key"
KEY_NOT_FOUND = "No such API key; check api_key"


def find_key(db: Database, key_id: str) -> Row | None:
    """Read the row of a request's key. It is a request's first statement, so it may revive."""
    row = db.fetch_one(SQL["find_key"], {"key_id": key_id}, revive=True)
    return row if row is not None and row["owner_id"] is not None else None


def issue_key(
    db: Database,
    consumer_id: str,
    key: ApiKey,
    *,
    rotate: bool,
    overlap_minutes: int,
    expires_in_days: int,
    cost: int,
    in_onboarding: bool = False,
) -> None:
    """Store a key as its consumer's newest one, inside the caller's transaction.

    With `rotate` and an overlap the newest one before it works that much longer, older ones end at once.
    An onboarding alone may issue a key while it is not finished: what has a key cannot be undone.

    Raises:
        NotFound: there is no such consumer.
        Conflict: an active key exists and `rotate` is false; its onboarding is not finished; or the
            consumer is the admin, whose key the next migration step would replace.
    """
    if consumer_id == ADMIN_ID:
        raise Conflict(ADMINS_KEY)
    hashed = hash_secret(key.secret, cost)  # slow on purpose: before any lock is taken
    scope = {"consumer_id": consumer_id}
    consumer = db.fetch_one(SQL["lock_consumer"], scope)
    if consumer is None:
        raise NotFound("No such consumer; check consumer_id")
    if consumer["in_onboarding"] and not in_onboarding:
        raise Conflict(IN_ONBOARDING)
    db.execute(SQL["expire_due_keys_of"], scope)
    if rotate:
        db.execute(SQL["end_active_keys"], {**scope, "overlapping": overlap_minutes > 0})
        db.execute(SQL["replace_newest_key"], {**scope, "overlap_minutes": overlap_minutes})
    row = {"key_id": key.key_id, "api_key_hash": hashed, "expires_in_days": expires_in_days}
    try:
        db.execute(SQL["insert_key"], {**scope, **row})
    except UniqueViolation as error:
        raise Conflict(ACTIVE_KEY_EXISTS) from error


def read_key(db: Database, key_id: str, owner_id: str | None) -> Row:
    """Read a key: `status, created_at, expires_at, updated_at`.

    With an `owner_id` it finds only that consumer's keys.

    Raises:
        NotFound: there is no such key, or it is not the owner's.
    """
    row = db.fetch_one(SQL["read_key"], {"key_id": key_id, "owner_id": owner_id})
    if row is None:
        raise NotFound(KEY_NOT_FOUND)
    return row


def deactivate_key(db: Database, key_id: str) -> str:
    """Make an active key stop working at once; returns its consumer.

    Raises:
        NotFound: there is no such key.
        Conflict: the key is not active, or it is the admin's: without it nobody could issue keys.
    """
    done = db.fetch_one(SQL["deactivate_key"], {"key_id": key_id, "admin_id": ADMIN_ID})
    if done is not None:
        return str(done["consumer_id"])
    raise refusal(db, key_id)


def refusal(db: Database, key_id: str) -> Conflict:
    """Why an active key of a bank was not found."""
    found = read_key(db, key_id, owner_id=None)
    if found["status"] == "active":
        return Conflict(ADMINS_KEY)
    return Conflict(f"This API key is {found['status']} already")


def expire_due_keys(db: Database) -> int:
    """Write the status `expired` for expired keys, and return how many there were.

    Requests already refuse these keys. The statement is idempotent, so it may revive.
    """
    row = db.fetch_one(SQL["expire_due_keys"], {}, revive=True)
    return int(row["count"]) if row else 0
