"""Sessions of the console: begun with a key, read and ended. Only hashes of their tokens are stored.

A system passes its own statements, since its table of keys has names of its own: `lock_key`, `begin`,
`end_oldest`, `read`, `end` and `end_all`. `fintegrate.access.by_session` finds the caller of a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fintegrate.access.by_session import hash_of, new_token
from fintegrate.access.caller import Caller
from fintegrate.database import Database, Row

IDLE_MINUTES = 30
"""A session ends so long after the last click; up to ten seconds earlier, since a click within ten
seconds of the last one is not written down. The database's function of sessions has the same number."""
HOURS = 12
"""A session ends so long after the sign-in."""
MOST_OF_A_KEY = 20


class Begun(NamedTuple):
    """A new session, and the token that its cookie has."""

    token: str
    session_id: str
    expires_at: object


class Sessions:
    """The sessions in a system's database."""

    def __init__(self, database: Database, statements: Mapping[str, str]) -> None:
        self._database = database
        self._statements = statements

    def begin(self, caller: Caller, actor: str, *, read_only: bool) -> Begun:
        """Begin a session of the caller's key, inside the request's transaction.

        If the key has too many, the oldest end.
        """
        token, who = new_token(), _who(caller)
        self._database.fetch_one(self._statements["lock_key"], who)  # so that nobody else counts
        row = self._database.fetch_one(
            self._statements["begin"],
            {
                **who,
                "token_hash": hash_of(token),
                "actor": actor,
                "read_only": read_only,
                "hours": HOURS,
            },
        )
        assert row is not None
        limits = {"most": MOST_OF_A_KEY, "idle_minutes": IDLE_MINUTES}
        self._database.execute(self._statements["end_oldest"], {**who, **limits})
        return Begun(token, row["session_id"], row["expires_at"])

    def read(self, caller: Caller) -> Row | None:
        """When the caller's session ends: `expires_at, idle_expires_at`; None without a session."""
        if caller.session_id is None:
            return None
        own = {**_who(caller), "idle_minutes": IDLE_MINUTES}
        return self._database.fetch_one(self._statements["read"], own)

    def end(self, caller: Caller, *, every: bool) -> int:
        """End the caller's session, or every one of its key; return how many ended."""
        return self._database.execute(self._statements["end_all" if every else "end"], _who(caller))


def _who(caller: Caller) -> Row:
    return {
        "owner_id": caller.owner_id,
        "key_id": caller.key_id,
        "session_id": caller.session_id,
    }
