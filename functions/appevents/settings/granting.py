"""Decides whether a viewer gets access to a feed, for the event and for the endpoint."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from chalicelib.appevents.configuration import Configuration
from chalicelib.appevents.settings import access_tokens, passcodes
from chalicelib.appevents.settings.feed_access import PUBLIC, find
from chalicelib.appevents.settings.signing_keys import current_key
from chalicelib.appevents.settings.tries import Tries
from fintegrate.access.sealing import Sealing
from fintegrate.database import Database

WRONG, TOO_MANY = "wrong_passcode", "too_many_tries"


class Asked(NamedTuple):
    """A viewer gives a passcode. The same `try_id` of a viewer counts once."""

    owner_id: str
    user_id: str
    passcode: str
    try_id: str


class Granted(NamedTuple):
    """Access, until it ends or the feed's version changes."""

    token: str
    expires_at: datetime
    access_version: int
    is_public: bool


class Denied(NamedTuple):
    """No access; `retry_after` is 0 unless there were too many tries."""

    reason: str
    retry_after: int = 0


class Granting(NamedTuple):
    """What a decision needs. `beside` is in no transaction: a count and a key are committed at once."""

    beside: Database
    tries: Tries
    sealing: Callable[[], Sealing]
    seconds: int

    @classmethod
    def of(
        cls, settings: Configuration, beside: Database, sealing: Callable[[], Sealing]
    ) -> Granting:
        """With the bounds of the settings."""
        return cls(beside, Tries(beside, settings), sealing, settings.feed_access_seconds)

    def decide(self, asked: Asked) -> Granted | Denied:
        """Grant or deny. A public feed is granted without checking the passcode.

        Raises:
            Unavailable: the database is away, or the key that signs does not open.
        """
        feed = find(self.beside, asked.owner_id)
        is_public = feed["visibility"] == PUBLIC
        if not is_public:
            wait = self.tries.take(asked.owner_id, asked.user_id, asked.try_id)
            if wait:
                return Denied(TOO_MANY, wait)
            if not passcodes.is_right(asked.passcode, feed["passcode_hash"]):
                return Denied(WRONG)
        key, version = current_key(self.beside, self.sealing()), feed["access_version"]
        token = access_tokens.sign(key, asked.user_id, asked.owner_id, version, self.seconds)
        return Granted(token.text, token.expires_at, version, is_public)
