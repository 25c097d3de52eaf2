"""Authentication by the `X-API-Key` header.

Every request reads the key's row, so deactivation, expiry and the owner's status take effect with the
next request. A process checks a key with bcrypt once and skips the check afterwards. Only a caller
who proves the secret is told why a key is refused: a wrong secret and an id that does not exist are
answered alike, and cost the same.

Leaves the storage of keys to others: `find_key` reads the row with `owner_id, owner_name,
owner_active, api_key_hash, api_key_status, expired`, and perhaps `used_up`.
"""

from __future__ import annotations

from collections.abc import Callable

from fintegrate.access.caller import Caller, Credentials, Recognised, Refused
from fintegrate.access.keys import ApiKey, ApiKeys, read_form
from fintegrate.access.secret_verifier import SecretVerifier, compare
from fintegrate.database import Row
from fintegrate.errors import ApiError, Forbidden, Unauthorized

HEADER = "x-api-key"


class ByApiKey:
    """The scheme of API keys.

    `owner_inactive` is the sentence for a valid key whose owner is inactive.
    """

    def __init__(
        self,
        find_key: Callable[[str], Row | None],
        keys: ApiKeys,
        verifier: SecretVerifier,
        *,
        admin_id: str,
        owner_inactive: str,
    ) -> None:
        self._find_key = find_key
        self._keys = keys
        self._verifier = verifier
        self._admin_id = admin_id
        self._owner_inactive = owner_inactive

    def carried_by(self, request: Credentials) -> bool:
        return bool(request.header(HEADER))

    def recognised(self, request: Credentials) -> Recognised | None:
        """Exactly this text was parsed and verified before. It saves an HMAC."""
        key = read_form(request.header(HEADER) or "")
        return Recognised(key.key_id, key) if key and self._verifier.recognises(key) else None

    def authenticate(self, request: Credentials, known: Recognised | None = None) -> Caller:
        """Find the caller of this request.

        Raises:
            Refused: the key is missing, malformed, unknown, expired or deactivated (401), its owner
                is inactive (403), or too many wrong secrets were tried (429).
        """
        header = request.header(HEADER)
        if not header:
            missing = Unauthorized("X-API-Key is missing; send your API key in this header")
            raise Refused(missing, "missing")
        claim = known.claim if known else None
        key = claim if isinstance(claim, ApiKey) else self._keys.parse(header)
        if key is None:
            raise Refused(
                Unauthorized("X-API-Key is malformed; check that the key was copied as a whole"),
                "malformed",
            )
        row = self._find_key(key.key_id)
        if not self._matches(key, row) or row is None:
            raise Refused(
                Unauthorized("X-API-Key is not a valid key; ask the operator for a new one"),
                "unknown",
                key.key_id,
                exists=row is not None,
            )
        if found := refusal_of(row, self._owner_inactive):
            raise Refused(found[1], found[0], key.key_id, row["owner_id"], exists=True)
        return Caller(
            row["owner_id"],
            row["owner_name"],
            key.key_id,
            row["owner_id"] == self._admin_id,
            row.get("used_up") or (),
        )

    def _matches(self, key: ApiKey, row: Row | None) -> bool:
        return compare(
            self._verifier,
            key,
            row["api_key_hash"] if row else None,
            key.key_id,
            too_many="Too many wrong secrets for this key; check the key and try again",
            busy="Another secret of this key is being checked; try again",
        )


class ByBearerKey:
    """The scheme of API keys in `Authorization: Bearer`, for what can send no header of another name."""

    def __init__(self, by_key: ByApiKey) -> None:
        self._by_key = by_key

    def carried_by(self, request: Credentials) -> bool:
        return _AsKey(request).header(HEADER) is not None

    def recognised(self, request: Credentials) -> Recognised | None:
        return self._by_key.recognised(_AsKey(request))

    def authenticate(self, request: Credentials, known: Recognised | None = None) -> Caller:
        """Find the caller of this request; raises as `ByApiKey.authenticate`."""
        return self._by_key.authenticate(_AsKey(request), known)


class _AsKey:
    """A request whose bearer token is read as its key."""

    def __init__(self, request: Credentials) -> None:
        self._request = request
        self.source_ip = request.source_ip

    def header(self, name: str) -> str | None:
        if name != HEADER:
            return self._request.header(name)
        kind, _, key = (self._request.header("authorization") or "").partition(" ")
        return key.strip() if kind.lower() == "bearer" else None


def refusal_of(row: Row, owner_inactive: str) -> tuple[str, ApiError] | None:
    """Why a genuine key is no longer good: the metric's label, and the error; None if it is."""
    if row["api_key_status"] == "deactivated":
        sentence = "This API key is deactivated; ask the operator for a new one"
        return "deactivated", Unauthorized(sentence)
    if row["api_key_status"] == "expired" or row["expired"]:
        sentence = "This API key has expired; ask the operator for a new one"
        return "expired", Unauthorized(sentence)
    if not row["owner_active"]:
        return "owner_inactive", Forbidden(owner_inactive)
    return None
