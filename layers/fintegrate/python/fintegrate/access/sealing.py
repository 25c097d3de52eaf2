"""Seals secrets for rows of a database, with Fernet and the keys of a ring.

A sealed text opens only with the key that its row names, and only for the place for which it was
sealed: the place is sealed with the value, because Fernet binds a text to nothing. So a sealed text that
is moved to another row does not open there. An older text of the same row does.

Leaves to others the keys (`fintegrate.access.key_ring`), and the rewriting of rows under a new key
(`fintegrate.access.resealing`). Imports cryptography when it first seals or opens, so that no function
pays for it that does neither.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from fintegrate.access.key_ring import KeyRing
from fintegrate.access.secret import Secret

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


_written = json.JSONEncoder(separators=(",", ":")).encode


class Unreadable(Exception):
    """The text does not open with the key that its row names: one of the two was changed."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"the sealed text does not open with key {key_id}: the text was changed, or another key "
            "has this id now"
        )


class Misplaced(Exception):
    """The text opens, but it was sealed for another place."""

    def __init__(self) -> None:
        super().__init__("the sealed text was sealed for another place than that of its row")


class Sealed(NamedTuple):
    """What a row keeps."""

    key_id: str
    text: str
    """ASCII, of URL-safe base64's alphabet."""


class Sealing:
    """Seals and opens with one ring."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._fernets: dict[str, Fernet] = {}
        """By key: making one takes as long as opening a text."""

    @property
    def ring(self) -> KeyRing:
        return self._ring

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ring's ids; the first one writes."""
        return self._ring.key_ids

    def is_current(self, key_id: str) -> bool:
        """Whether this key is the one that writes."""
        return key_id == self._ring.key_ids[0]

    def seal(self, value: bytes | Mapping[str, Any] | Secret, place: str) -> Sealed:
        """Seal bytes or a JSON object.

        `place` names the row and never changes, such as `letters/17/address`.

        Raises:
            ValueError: the place is empty.
            TypeError: the value is neither bytes nor a JSON object.
        """
        if not place:
            raise ValueError("a sealed text needs a place that it belongs to")
        plain = value.reveal() if isinstance(value, Secret) else value
        said: dict[str, Any] = {"place": place}
        if isinstance(plain, bytes):
            said["bytes"] = base64.b64encode(plain).decode()
        elif isinstance(plain, Mapping):
            said["object"] = dict(plain)
        else:
            raise TypeError("a sealed value is bytes or a JSON object")
        key_id, key = self._ring.writing()
        return Sealed(key_id, self._fernet(key).encrypt(_written(said).encode()).decode())

    def open(self, key_id: str, text: str, place: str) -> Secret:
        """Open what `seal` made for this place.

        Raises:
            KeyMissing: the ring has no key of this id.
            Unreadable: the text was changed, or the key of this id is another one.
            Misplaced: it was sealed for another place.
        """
        return Secret(self.revealed(key_id, text, place))

    def revealed(self, key_id: str, text: str, place: str) -> Any:
        """What `open(…).reveal()` gives, in half the time: for many values that are used at once.

        Raises:
            KeyMissing, Unreadable, Misplaced: as `open` does.
        """
        said = _decrypted(self._fernet(self._ring.key(key_id)), text)
        if not isinstance(said, dict) or ("object" not in said and "bytes" not in said):
            raise Unreadable(key_id)
        if said.get("place") != place:
            raise Misplaced
        return said["object"] if "object" in said else base64.b64decode(said["bytes"])

    def _fernet(self, key: str) -> Fernet:
        found = self._fernets.get(key)
        if found is None:
            from cryptography.fernet import Fernet

            found = self._fernets[key] = Fernet(key)
        return found


def _decrypted(fernet: Fernet, text: str) -> Any:
    from cryptography.fernet import InvalidToken

    try:
        return json.loads(fernet.decrypt(text.encode()))
    except (InvalidToken, ValueError):
        return None
