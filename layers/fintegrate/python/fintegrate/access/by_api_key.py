"""Who calls: from the `X-API-Key` header to a tenant.

The key's row is read on every request, so that deactivation, expiry and the tenant's status hold
from typing import NamedTuple
from the very next one; only the bcrypt check is spared for keys that this process has verified. What
is wrong with a key is told only to who holds its secret; everybody else learns nothing.

Leaves to others where keys are stored: `find_key` reads the row with `consumer_id, consumer_name,
consumer_status, api_key_hash, api_key_status, expired`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fintegrate.access.keys import ApiKey, SecretVerifier, TooManyWrongSecrets, parse_api_key
from fintegrate.database import Row
from fintegrate.errors import ApiError, Forbidden, TooManyRequests, Unauthorized


class Caller(NamedTuple):
    """The tenant that a request acts for."""

    consumer_id: str
    consumer_name: str
    key_id: str
    is_admin: bool


class Refused(Exception):
    """The key was refused with `error`; `consumer_id` and `key_id` are known when it was genuine."""

    def __init__(
        self, error: ApiError, key_id: str | None = None, consumer_id: str | None = None
    ) -> None:
        super().__init__(error.description)
        self.error = error
        self.key_id = key_id
        self.consumer_id = consumer_id


class Authenticator:
    """Turns the header into a `Caller`."""

    def __init__(
        self, find_key: Callable[[str], Row | None], verifier: SecretVerifier, admin_id: str
    ) -> None:
        self._find_key = find_key
        self._verifier = verifier
        self._admin_id = admin_id

    def authenticate(
        self, header: str | None, source_ip: str, on_recognised: Callable[[str], None]
    ) -> Caller:
        """The caller whose key this is.

        `on_recognised` is called with the id of a key that this process has verified before its row
        is read: what costs time of its own can begin then, but the key may yet be refused.

        Raises:
            Refused: the key is missing, malformed, unknown, expired or deactivated (401), its
                consumer is deactivated (403), or too many wrong secrets were tried (429).
        """
        if not header:
            raise Refused(Unauthorized("X-API-Key is missing; send your API key in this header"))
        key = parse_api_key(header)
        if key is None:
            raise Refused(
                Unauthorized("X-API-Key is malformed; check that the key was copied as a whole")
            )
        if self._verifier.recognises(key):
            on_recognised(key.key_id)
        row = self._find_key(key.key_id)
        if row is None or not self._matches(key, row["api_key_hash"], source_ip):
            raise Refused(
                Unauthorized("X-API-Key is not a valid key; ask the operator for a new one"),
                key.key_id,
            )
        self._check_status(key, row)
        return Caller(
            row["consumer_id"],
            row["consumer_name"],
            key.key_id,
            row["consumer_id"] == self._admin_id,
        )

    def _matches(self, key: ApiKey, stored_hash: str, source_ip: str) -> bool:
        try:
            return self._verifier.matches(key, stored_hash, source_ip)
        except TooManyWrongSecrets as error:
            raise Refused(
                TooManyRequests(
                    "Too many wrong secrets for this key; "
                    f"check the key and try again in {error.retry_after} s",
                    error.retry_after,
                ),
                key.key_id,
            ) from None

    @staticmethod
    def _check_status(key: ApiKey, row: Row) -> None:
        refusal: ApiError | None = None
        if row["api_key_status"] == "deactivated":
            refusal = Unauthorized("This API key is deactivated; ask the operator for a new one")
        elif row["api_key_status"] == "expired" or row["expired"]:
            refusal = Unauthorized("This API key has expired; ask the operator for a new one")
        elif row["consumer_status"] != "active":
            refusal = Forbidden("This consumer is deactivated; ask the operator to activate it")
        if refusal is not None:
            raise Refused(refusal, key.key_id, row["consumer_id"])
