"""Authentication by the cookie of a session, for the console's page.

Key, owner and session are read in one statement, so a deactivated or replaced key, an inactive owner
and the sign-out hold from the next request. A page of another site can have the browser send the
cookie, but cannot set a header of its own without asking (CORS), which is never granted: so each
request says `X-Console`. `poll` tells that nobody has clicked; any other request keeps the session
alive.

Leaves the storage of sessions to others: `find_session` reads the row with `owner_id, owner_name,
owner_active, key_id, api_key_status, expired, used_up, session_id, actor, read_only, is_over`; it
takes the token's hash, and whether it was a click.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable

from fintegrate.access.by_api_key import refusal_of
from fintegrate.access.caller import Caller, Credentials, Recognised, Refused
from fintegrate.database import Row
from fintegrate.errors import ApiError, Forbidden, Unauthorized

COOKIE = "__Host-fintegrate"
"""Browsers take a cookie of this prefix from its own host only, and only with `ATTRIBUTES`."""
ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict"
MARK = "x-console"
CLICK, POLL = "1", "poll"
_TOKEN = re.compile("[A-Za-z0-9_-]{43}", re.ASCII)
OVER = "This session is over; sign in again"
FROM_ELSEWHERE = (
    "A request by cookie comes from the console's own page, with the header X-Console: 1"
)


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> bytes:
    """What is stored of a token. It has 256 random bits, so one SHA-256 of it is as good as bcrypt."""
    return hashlib.sha256(token.encode()).digest()


def cookie(token: str) -> str:
    """The value of `Set-Cookie`. The browser forgets it when it is closed."""
    return f"{COOKIE}={token}; {ATTRIBUTES}"


NO_COOKIE = f"{COOKIE}=; {ATTRIBUTES}; Max-Age=0"
"""The value of `Set-Cookie` after a sign-out."""


class BySession:
    """The scheme of sessions.

    `owner_inactive` is the sentence for a session whose owner is inactive.
    """

    def __init__(
        self,
        find_session: Callable[[bytes, bool], Row | None],
        *,
        admin_id: str,
        owner_inactive: str,
    ) -> None:
        self._find_session = find_session
        self._admin_id = admin_id
        self._owner_inactive = owner_inactive

    def carried_by(self, request: Credentials) -> bool:
        return _token_in(request) is not None

    def recognised(self, _request: Credentials) -> Recognised | None:
        """None: a process remembers no session."""
        return None

    def authenticate(self, request: Credentials, _known: Recognised | None = None) -> Caller:
        """Find the caller of this request.

        Raises:
            Refused: there is no such session, it is over, or its key is no longer good (401); its
                owner is inactive, or the request comes from another site (403).
        """
        ours = _is_from_the_page(request)
        row = self._row(_token_in(request) or "", used=ours and request.header(MARK) != POLL)
        if not ours:
            raise _refused(Forbidden(FROM_ELSEWHERE), "other_site", row)
        if row is None:
            raise _refused(Unauthorized(OVER), "unknown_session", row)
        if row["is_over"]:
            raise _refused(Unauthorized(OVER), "session_over", row)
        if found := refusal_of(row, self._owner_inactive):
            raise _refused(found[1], found[0], row)
        return Caller(
            row["owner_id"],
            row["owner_name"],
            row["key_id"],
            row["owner_id"] == self._admin_id,
            row["used_up"] or (),
            actor=row["actor"],
            session_id=row["session_id"],
            read_only=row["read_only"],
        )

    def _row(self, token: str, *, used: bool) -> Row | None:
        if not _TOKEN.fullmatch(token):
            return None
        return self._find_session(hash_of(token), used)


def _is_from_the_page(request: Credentials) -> bool:
    """Source: https://www.w3.org/TR/fetch-metadata/. Not every browser sends the second header."""
    site = request.header("sec-fetch-site")
    return request.header(MARK) in {CLICK, POLL} and site in {None, "same-origin"}


def _refused(error: ApiError, reason: str, row: Row | None) -> Refused:
    if row is None:
        return Refused(error, reason, key_id="")
    return Refused(
        error,
        reason,
        row["key_id"],
        row["owner_id"],
        exists=True,
        actor=row["actor"],
        session_id=row["session_id"],
    )


def _token_in(request: Credentials) -> str | None:
    """The cookie's value; None if the request has no such cookie."""
    for pair in (request.header("cookie") or "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return value
    return None
