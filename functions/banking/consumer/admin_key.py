"""Installs the admin's key from the configuration, hashed like any other key."""

from __future__ import annotations

from chalicelib.banking.configuration import Configuration
from chalicelib.banking.tenants import ADMIN_ID
from fintegrate.access.keys import ApiKey, ApiKeys, hash_secret, secret_matches
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


MALFORMED = (
    "ADMIN_API_KEY is not an API key of this installation: it must be "
    "fk_<public id>_<secret><check>, and the check is made with API_KEY_CHECK_SECRET; "
    "make one with `make admin-key`"
)
USED_UP = (
    "ADMIN_API_KEY has an id that is in use or was deactivated; a key never comes back. "
    "Make another with `make admin-key`"
)


def install_configured_key(settings: Configuration) -> None:
    """Install the key of the settings, if they have one.

    Raises:
        ValueError: the key is malformed or was deactivated; its text is not repeated.
        CheckSecretMissing: there is no secret of the server.
    """
    if settings.admin_api_key:
        database = Database(settings.database_owner_url)
        keys = ApiKeys(settings.api_key_check_secret)
        install_admin_key(database, keys, settings.admin_api_key, settings.api_key_bcrypt_cost)


def install_admin_key(db: Database, keys: ApiKeys, text: str, cost: int) -> None:
    """Make this the admin's one active key. If it already is, nothing changes.

    Raises:
        ValueError: the key is malformed, another consumer's, or no longer active; its text is not
            repeated.
        CheckSecretMissing: there is no secret of the server.
    """
    key = keys.parse(text)
    if key is None:
        raise ValueError(MALFORMED)
    with db.transaction():
        db.fetch_one(SQL["lock_admin"], {"consumer_id": ADMIN_ID})
        scope = {"consumer_id": ADMIN_ID, "key_id": key.key_id}
        installed = db.fetch_one(SQL["find_installed"], scope)
        if installed is None:
            db.execute(SQL["deactivate_others"], scope)
            db.execute(SQL["install"], {**scope, "api_key_hash": hash_secret(key.secret, cost)})
        elif not _still_its(installed, key):
            raise ValueError(USED_UP)
    db.close()


def _still_its(installed: Row, key: ApiKey) -> bool:
    """Whether this row is the admin's active key, with this secret."""
    return (
        installed["consumer_id"] == ADMIN_ID
        and installed["active"]
        and secret_matches(key, installed["api_key_hash"])
    )
