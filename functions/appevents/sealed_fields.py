"""Seals the secret fields of events, in rows and on the wire.

A sealed field is `{"key_id": …, "sealed": …}` in the place of its value. Any JSON value can be
sealed, as its JSON text. It is sealed for one field of one event: of an event that a client told, or of
the answer to it. The type says for whom it is, so an answer's text does not open as another service's.
The keys are `APP_KEYS`.
"""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.appevents.events.catalogue import TYPES
from chalicelib.appevents.events.fields import KEY_ID, SEALED, is_sealed
from fintegrate.access.key_ring import KeyMissing
from fintegrate.access.sealing import Misplaced, Sealing, Unreadable

log = logging.getLogger(__name__)
NOT_OPENED = (KeyMissing, Unreadable, Misplaced)
_HASHED = b"app.events content hash"


class SealedFields:
    """Seals and opens with the ring of `sealing`, which is asked for when it is first needed."""

    def __init__(self, sealing: Callable[[], Sealing]) -> None:
        self._sealing = sealing

    def seal(
        self, event_type: str, user_id: str, told_id: str, data: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What an event of this type says, with its secrets sealed.

        `told_id` is the id that the client made: of the event, or of the one that it answers.
        """
        sealed = dict(data)
        for field in TYPES[event_type].secrets:
            value = sealed.get(field)
            if value is not None and not is_sealed(value):
                text = json.dumps(value, ensure_ascii=False)
                place = _place(event_type, user_id, told_id, field)
                made = self._sealing().seal(text.encode(), place)
                sealed[field] = {KEY_ID: made.key_id, SEALED: made.text}
        return sealed

    def open(
        self, event_type: str, user_id: str, told_id: str, data: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The reverse of `seal`. A value that was never sealed stays.

        Raises:
            KeyMissing: the ring has not the key.
            Unreadable: the text was changed, or the key is another one.
            Misplaced: it was sealed for another field.
        """
        opened = dict(data)
        for field in TYPES[event_type].secrets:
            kept = opened.get(field)
            if is_sealed(kept):
                place = _place(event_type, user_id, told_id, field)
                secret = self._sealing().open(kept[KEY_ID], kept[SEALED], place)
                opened[field] = json.loads(secret.reveal())
        return opened

    def open_for_user(
        self, event_type: str, user_id: str, told_id: str, data: Mapping[str, Any]
    ) -> dict[str, Any]:
        """As `open`; what does not open is left out."""
        try:
            return self.open(event_type, user_id, told_id, data)
        except NOT_OPENED as error:
            log.warning("an answer's secret stays sealed: %s", error)
            return {name: value for name, value in data.items() if not is_sealed(value)}

    def digest(self, text: str) -> str:
        """A hash that nobody without the ring can make, so trying all short secrets is of no use."""
        return self._digest(*self._sealing().ring.writing(), text)

    def is_digest_of(self, digest: str, text: str) -> bool:
        """Whether `digest` made this of the text. True if its key is gone: then nobody can tell."""
        key_id = digest.rpartition(".")[0]
        try:
            key = self._sealing().ring.key(key_id)
        except KeyMissing:
            return True
        return hmac.compare_digest(self._digest(key_id, key, text), digest)

    def _digest(self, key_id: str, key: str, text: str) -> str:
        own = hmac.digest(key.encode(), _HASHED, "sha256")
        return f"{key_id}.{hmac.digest(own, text.encode(), 'sha256').hex()}"


def _place(event_type: str, user_id: str, told_id: str, field: str) -> str:
    return f"app.events/{user_id}/{told_id}/{event_type}/{field}"
