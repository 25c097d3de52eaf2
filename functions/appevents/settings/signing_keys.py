"""The keys that sign feed access tokens (ES256): made on first use, and anew by a rotation.

The private part is sealed in its row and goes when the key is superseded. The public part verifies for
as long as a token that it signed may last. Imports PyJWT and cryptography when a key is made or used.
"""

from __future__ import annotations

import json
import secrets
from typing import Any, NamedTuple

from fintegrate.access.key_ring import KeyMissing
from fintegrate.access.sealing import Misplaced, Sealing, Unreadable
from fintegrate.database import Database, Row
from fintegrate.errors import Unavailable
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
ALGORITHM = "ES256"


class SigningKey(NamedTuple):
    """The key that signs."""

    kid: str
    private: Any


def current_key(db: Database, sealing: Sealing) -> SigningKey:
    """The key that signs now; `db` must be in no transaction.

    Raises:
        Unavailable: its private part does not open with the ring.
    """
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    row = _current(db, sealing)
    try:
        opened = sealing.open(row["private_key_id"], row["private_key"], _place(row["kid"]))
    except (KeyMissing, Unreadable, Misplaced) as error:
        raise Unavailable(f"Access cannot be granted now: APP_KEYS: {error}") from None
    return SigningKey(row["kid"], load_pem_private_key(opened.reveal(), password=None))


def rotate(db: Database, sealing: Sealing) -> str:
    """Make a new key that signs from now on; returns its id. Of two rotations at once one counts."""
    with db.transaction():
        db.execute(SQL["supersede"], {})
        db.fetch_all(SQL["add"], _new(sealing))
        return str(db.fetch_all(SQL["current"], {})[0]["kid"])


def public_keys(db: Database, sealing: Sealing, seconds: int) -> dict[str, Any]:
    """The set of keys that verify tokens: the current one, and those superseded within `seconds`."""
    _current(db, sealing)  # so that whoever remembers the set never remembers an empty one
    rows = db.fetch_all(SQL["public"], {"seconds": seconds})
    return {"keys": [row["public_key"] for row in rows]}


def _current(db: Database, sealing: Sealing) -> Row:
    row = db.fetch_one(SQL["current"], {}, revive=True)
    if row is None:
        db.fetch_all(SQL["add"], _new(sealing))
        row = db.fetch_all(SQL["current"], {})[0]
    return row


def _new(sealing: Sealing) -> dict[str, str]:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from jwt.algorithms import ECAlgorithm

    private, kid = ec.generate_private_key(ec.SECP256R1()), f"feed-{secrets.token_hex(8)}"
    public = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    sealed = sealing.seal(pem, _place(kid))
    return {
        "kid": kid,
        "public_key": json.dumps({**public, "kid": kid, "alg": ALGORITHM, "use": "sig"}),
        "private_key": sealed.text,
        "private_key_id": sealed.key_id,
    }


def _place(kid: str) -> str:
    return f"app.events/signing_keys/{kid}/private_key"
