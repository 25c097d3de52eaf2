"""Passes: who is signed in at the console may look at another system, for some minutes.

A session is a row of the system that has the console, and no other system reads that database. So the
console gives its page a pass for one other system. The page keeps it in memory and sends it in a header,
which no other site can make a browser do. The systems share the secret that signs passes.

A pass is a JSON Web Token (RFC 7519) of one form: its first part is always the same, so nothing in it
is believed before its signature. A session that ends takes its passes with it only when they end, after
`SECONDS`.
"""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any, NamedTuple

from fintegrate.access.caller import Caller, Credentials, Recognised, Refused
from fintegrate.errors import Unauthorized
from fintegrate.settings import SettingsError

HEADER = "x-console-pass"
SECONDS = 300
SHORTEST_SECRET = 32
LONGEST = 2 * 1024
_HEAD = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"pass+jwt"}').rstrip(b"=").decode()
_WRONG = "The pass is over or not valid; ask the console for another one"


class Pass(NamedTuple):
    """A pass, and when it ends in seconds since 1970."""

    token: str
    ends: int


class Passes:
    """Signs passes and reads them.

    Raises:
        SettingsError: the secret is too short.
    """

    def __init__(self, setting: str, secret: str) -> None:
        if len(secret.encode()) < SHORTEST_SECRET:
            raise SettingsError(f"{setting} must have at least {SHORTEST_SECRET} bytes")
        self._secret = secret.encode()

    def issue(self, system: str, caller: Caller) -> Pass:
        """A pass for one system, for an admin who is signed in at the console."""
        ends = int(time.time()) + SECONDS
        claims = {
            "aud": system,
            "sub": caller.actor,
            "sid": caller.session_id,
            "read_only": caller.read_only,
            "exp": ends,
        }
        signed = f"{_HEAD}.{_encoded(json.dumps(claims).encode())}"
        return Pass(f"{signed}.{self._signature(signed)}", ends)

    def read(self, system: str, token: str) -> dict[str, Any] | None:
        """The claims of a pass for this system; None for anything else."""
        signed, _, signature = token.rpartition(".")
        head, _, claims = signed.partition(".")
        if len(token) > LONGEST or head != _HEAD or not token.isascii():
            return None
        if not hmac.compare_digest(signature, self._signature(signed)):
            return None
        found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(f"{claims}=="))
        return found if found["aud"] == system and time.time() < found["exp"] else None

    def _signature(self, signed: str) -> str:
        return _encoded(hmac.digest(self._secret, signed.encode(), "sha256"))


class ByPass:
    """The scheme of passes, in a system that has no console of its own. Every holder is an admin."""

    def __init__(self, passes: Passes, system: str, *, role: str = "") -> None:
        self._passes = passes
        self._system = system
        self._role = role

    def carried_by(self, request: Credentials) -> bool:
        return request.header(HEADER) is not None

    def recognised(self, _request: Credentials) -> Recognised | None:
        """None: reading a pass costs nothing to look up."""
        return None

    def authenticate(self, request: Credentials, _known: Recognised | None = None) -> Caller:
        """Find the person of this request.

        Raises:
            Refused: the pass is missing, over, or not ours for this system (401).
        """
        claims = self._passes.read(self._system, request.header(HEADER) or "")
        if claims is None:
            raise Refused(Unauthorized(_WRONG), "pass")
        return Caller(
            "console",
            "console",
            f"console:{claims['sid']}",
            is_admin=True,
            role=self._role,
            actor=claims["sub"],
            session_id=claims["sid"],
            read_only=claims["read_only"],
        )


def _encoded(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
