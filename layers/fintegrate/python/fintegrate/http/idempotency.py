"""`Idempotency-Key`: a repeated request gets the stored answer, and its handler does not run.

The key, the hash of the request and the answer are written in the request's transaction, so they
commit with the business rows or not at all. A second request waits on the unique index while the
first is in flight. Source: draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fintegrate.database import Database, Row
from fintegrate.errors import Busy, Conflict, Invalid
from fintegrate.http.envelope import dumps
from fintegrate.queries import queries_beside
from fintegrate.redaction import has_secret

SQL = queries_beside(__name__)


def check_key(key: str) -> None:
    """Raises `Invalid` unless the key is 1 to 255 printable characters and no secret: it is stored."""
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise Invalid("Idempotency-Key: must be 1 to 255 printable characters")
    if has_secret(key):
        raise Invalid(
            "Idempotency-Key: must not be an API key or a password; send a new text for each request"
        )


def request_hash(method: str, path: str, body: str) -> str:
    """Hash what must be equal when a key is used again: method, path, and the JSON of a valid body.

    Blanks, the order of an object's members and the escapes of a text do not count, because a client
    may write its repeated request anew.
    """
    canonical = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{method} {path}\n{canonical}".encode()).hexdigest()


def former_hash(method: str, path: str, body: str) -> str:
    """The hash that code before 2026-11-26 made. Needed until a day after its last use."""
    return hashlib.sha256(f"{method} {path}\n{body}".encode()).hexdigest()


class IdempotencyKeys:
    """The keys of one database and their stored answers.

    The statements are `reserve_key`, `stored_answer` and `store_answer`, as in `idempotency.sql`. A
    system with another name for the owner's column passes its own statements.
    """

    def __init__(self, db: Database, statements: Mapping[str, str] = SQL) -> None:
        self._db = db
        self._statements = statements

    def replay_or_reserve(
        self, owner_id: str, key: str, digest: str, former: str | None = None
    ) -> Row | None:
        """The stored answer (`response_status`, `response_json`); None if this request must run.

        Must be called inside the transaction that writes the request's rows.

        Raises:
            Conflict: the key was used with another request, or its first request has not finished.
        """
        scope = {"owner_id": owner_id, "key": key}
        try:
            wanted = {**scope, "request_hash": digest}
            reserved = self._db.fetch_one(self._statements["reserve_key"], wanted)
        except Busy as error:
            raise Conflict(
                "A request with this Idempotency-Key is still running; wait for its answer"
            ) from error
        if reserved is not None:
            return None
        stored = self._db.fetch_one(self._statements["stored_answer"], scope)
        if stored is None or stored["request_hash"] not in {digest, former}:
            raise Conflict("This Idempotency-Key was used with another request; use a new key")
        return stored

    def store(self, owner_id: str, key: str, status: int, data: Any) -> None:
        """Store the answer with the key; it commits with the caller's transaction."""
        answer = {"status": status, "data": dumps(data)}
        self._db.execute(
            self._statements["store_answer"], {"owner_id": owner_id, "key": key, **answer}
        )
