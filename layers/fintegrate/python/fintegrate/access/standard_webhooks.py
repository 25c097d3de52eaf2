"""Signs webhooks by Standard Webhooks 1.0 (https://www.standardwebhooks.com): secrets and headers.

Leaves to the sender when two secrets sign, what the body is, and where it goes.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import timedelta

BOTH_SIGN = timedelta(hours=24)
"""After a change of the secret the one before it signs, too, so that the other side can follow."""
PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """A fresh secret, as its owner writes it into a library: `whsec_` and base64."""
    return secret_of(secrets.token_bytes(_BYTES))


def secret_of(key: bytes) -> str:
    """The secret whose signatures this key makes."""
    return PREFIX + b64encode(key).decode()


def signed_headers(
    message_id: str, timestamp: int, body: bytes, signing: Sequence[str]
) -> dict[str, str]:
    """The three headers of a message.

    Args:
        message_id: the same in every try; without a full stop
        timestamp: of this try, in seconds of Unix time
        body: the very bytes that are sent
        signing: the secrets that sign, the newest first
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_signature(secret, signed) for secret in signing),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = b64decode(secret.removeprefix(PREFIX))
    return f"v1,{b64encode(hmac.digest(key, signed, 'sha256')).decode()}"
