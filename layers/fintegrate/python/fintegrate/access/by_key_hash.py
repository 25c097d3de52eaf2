"""Authentication by the `X-API-Key` header where the settings hold the hashes of the admin's keys.

For a system that cannot read the table of keys. A key has 256 random bits, so one SHA-256 of it is as
good as bcrypt: nobody guesses what was hashed, and a wrong key costs nothing. A key ends when its hash
leaves the setting.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from fintegrate.access.caller import Caller, Credentials, Recognised, Refused
from fintegrate.access.keys import read_form
from fintegrate.errors import Unauthorized
from fintegrate.settings import SettingsError

HEADER = "x-api-key"
ADMIN = "admin"
"""The owner of these keys. It is no UUID, so it is no user."""
_HASH = re.compile("[0-9a-f]{64}", re.ASCII)


def hash_of(key: str) -> str:
    """What the setting holds of a key: the SHA-256 of its whole text, in hexadecimal digits."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


class ByKeyHash:
    """The scheme of keys whose hashes a setting holds, separated by commas; all are the admin's.

    Raises:
        SettingsError: an entry is no hash; nothing of it is repeated.
    """

    def __init__(self, setting: str, text: str) -> None:
        self._hashes = [entry.strip().lower() for entry in text.split(",") if entry.strip()]
        if not all(map(_HASH.fullmatch, self._hashes)):
            raise SettingsError(f"{setting} must hold SHA-256 hashes, separated by commas")

    def carried_by(self, request: Credentials) -> bool:
        return bool(request.header(HEADER))

    def recognised(self, _request: Credentials) -> Recognised | None:
        """None: there is nothing to look up."""
        return None

    def authenticate(self, request: Credentials, _known: Recognised | None = None) -> Caller:
        """Find the caller of this request.

        Raises:
            Refused: the key is missing, malformed or none of the admin's (401).
        """
        header = request.header(HEADER)
        if not header:
            missing = Unauthorized("X-API-Key is missing; send the admin's key in this header")
            raise Refused(missing, "missing")
        key = read_form(header)
        if key is None:
            malformed = "X-API-Key is malformed; check that the key was copied as a whole"
            raise Refused(Unauthorized(malformed), "malformed")
        digest = hash_of(header)
        matches = [hmac.compare_digest(digest, each) for each in self._hashes]
        if not any(matches):
            unknown = "X-API-Key is not the admin's key; ask the operator for it"
            raise Refused(Unauthorized(unknown), "unknown", key.key_id)
        return Caller(ADMIN, ADMIN, key.key_id, is_admin=True)
