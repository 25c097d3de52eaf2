"""Hashes passcodes and compares them. bcrypt takes a quarter of a second on purpose.

A passcode comes here in the form NFC (`chalicelib.appevents.events.fields.Passcode`), so that what looks
the same is the same on every phone.
"""

from __future__ import annotations

COST = 12
MOST_BYTES = 72
"""bcrypt takes no more."""


def hashed(passcode: str) -> str:
    """The bcrypt hash of a passcode."""
    import bcrypt

    return bcrypt.hashpw(passcode.encode(), bcrypt.gensalt(COST)).decode()


def is_right(passcode: str, kept: str) -> bool:
    """Whether this is the passcode. Only to be asked after the try was counted."""
    import bcrypt

    tried = passcode.encode()
    return len(tried) <= MOST_BYTES and bcrypt.checkpw(tried, kept.encode())
