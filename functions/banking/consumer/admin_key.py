"""Installs the admin's key from the configuration, hashed like any other key."""

from __future__ import annotations

from chalicelib.banking.configuration import Configuration
from chalicelib.banking.tenants import ADMIN_ID
from fintegrate.access.keys import ApiKey, SecretVerifier, hash_secret, parse_api_key
from fintegrate.database import Database
from fintegrate.queries import queries_beside

SQL = queries_beside(__file__)


def install_configured_key(settings: Configuration) -> None:
    """Install the key of the settings, if they have one.

    Raises:
        ValueError: the key is malformed; its text is not repeated.
    """
    if settings.admin_api_key:
        database = Database(settings.database_url)
        install_admin_key(database, settings.admin_api_key, settings.api_key_bcrypt_cost)


def install_admin_key(db: Database, text: str, cost: int) -> None:
    """Make this the admin's one active key. If it already is, nothing changes.

    Raises:
        ValueError: the key is malformed; its text is not repeated.
    """
    key = parse_api_key(text)
    if key is None:
        raise ValueError("ADMIN_API_KEY is not an API key: it must be fk_<public id>_<secret>")
    with db.transaction():
        db.fetch_one(SQL["lock_admin"], {"consumer_id": ADMIN_ID})
        installed = db.fetch_one(SQL["find_installed"], {"key_id": key.key_id})
        if installed and installed["active"] and _is_same(key, installed["api_key_hash"]):
            return
        scope = {"consumer_id": ADMIN_ID, "key_id": key.key_id}
        db.execute(SQL["deactivate_others"], scope)
        db.execute(SQL["install"], {**scope, "api_key_hash": hash_secret(key.secret, cost)})
    db.close()


def _is_same(key: ApiKey, stored_hash: str) -> bool:
    return SecretVerifier().matches(key, stored_hash, "migration")
