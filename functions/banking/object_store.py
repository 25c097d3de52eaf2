"""The bucket of exports and archives, as the settings name it. Nothing else of banking needs one.

Imports what speaks to it when it is first needed, so that no other function pays for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.banking.configuration import Configuration
from fintegrate.errors import Conflict

if TYPE_CHECKING:
    from fintegrate.storage.store import Store

NONE = (
    "This installation has no object store for banking; "
    "set BANK_STORE_ENDPOINT and BANK_STORE_BUCKET"
)
CALL_SECONDS = 25.0


class ObjectStore:
    """The bucket of one process, if there is one."""

    def __init__(self, settings: Configuration) -> None:
        self._settings = settings
        self._made: Store | None = None

    @property
    def exists(self) -> bool:
        """Whether the settings name one."""
        return bool(self._settings.bank_store_endpoint and self._settings.bank_store_bucket)

    def require(self) -> Store:
        """The calls to it. Opens no connection.

        Raises:
            Conflict: there is none.
        """
        if not self.exists:
            raise Conflict(NONE)
        self._made = self._made or _made(self._settings)
        return self._made

    def close(self) -> None:
        """Close its connections; each reopens when needed."""
        if self._made is not None:
            self._made.pool.close()


def _made(settings: Configuration) -> Store:
    from fintegrate.storage.json_lines import MOST_BYTES
    from fintegrate.storage.role import signer_of
    from fintegrate.storage.signing import Credentials
    from fintegrate.storage.store import store_of

    fixed = Credentials(settings.bank_store_access_key, settings.bank_store_secret_key)
    signer = signer_of(
        settings.bank_store_endpoint,
        settings.bank_store_region,
        settings.bank_store_bucket,
        fixed,
        addressing=settings.bank_store_addressing,
    )
    return store_of(signer, most_bytes=MOST_BYTES, seconds=CALL_SECONDS)
