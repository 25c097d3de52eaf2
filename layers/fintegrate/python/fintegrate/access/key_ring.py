"""The keys of a setting with which secrets are sealed or derived, and when a process reads it again.

The setting is a JSON object: key id → key (32 bytes in URL-safe base64, as Fernet has them). The first
key writes, all of them read. A rotation puts the new key last, then first, has all rows rewritten, and
then removes the old one. Processes do not learn of it at once. So a process reads the setting again
where it meets a key id that it does not know, and before it writes with a ring that is older than
`FRESH_SECONDS`. Whoever waits longer than that before the rows are counted and the old key is removed
disturbs nobody.

Leaves to others what is sealed (`fintegrate.access.sealing`) or derived
(`fintegrate.access.derived_secrets`), and the rows (`fintegrate.access.resealing`).
"""

from __future__ import annotations

import logging
import math
import re
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping

from fintegrate.settings import SettingsError, read_object

log = logging.getLogger(__name__)

FRESH_SECONDS = 300
"""A ring that is older is read again before it writes."""
PAUSE_SECONDS = 10
"""After one reading, nothing but `read_again` causes another for this long, whatever came of it."""
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_KEY = re.compile(r"[A-Za-z0-9_-]{43}=", re.ASCII)


class KeyMissing(Exception):
    """The ring has no key of this id; `key_id` names it."""

    def __init__(self, key_id: str) -> None:
        shown = key_id if _KEY_ID.fullmatch(key_id) else "of another form"
        super().__init__(f"the key ring has no key {shown}: put it back, or restore the row")
        self.key_id = key_id


def new_key() -> str:
    """A fresh key, as the setting has it."""
    return urlsafe_b64encode(secrets.token_bytes(32)).decode()


def read_keys(setting: str, text: str) -> dict[str, str]:
    """Read the keys of a setting, the first one first.

    Raises:
        SettingsError: it is malformed or has no key; the error repeats nothing of it.
    """
    keys = read_object(setting, text)
    if not keys:
        raise SettingsError(f"{setting} has no key, so nothing could be sealed")
    for number, (key_id, key) in enumerate(keys.items(), start=1):
        if not _KEY_ID.fullmatch(key_id):
            raise SettingsError(
                f"{setting}: key {number}: the id must be 1 to 64 of A-Z a-z 0-9 . _ -"
            )
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise SettingsError(f"{setting}: key {number}: must be 32 bytes in URL-safe base64")
    if len(set(keys.values())) < len(keys):
        raise SettingsError(
            f"{setting}: two ids have the same key, so a rotation would change nothing"
        )
    return keys


class KeyRing:
    """The keys of one process; safe for threads.

    Args:
        setting: its name, for errors
        text: its value
        renewed: gives the value anew; None where the setting cannot change
        clock: seconds of the day's clock, because another may stand still while a process is frozen

    Raises:
        SettingsError: the value is malformed; nothing of it is repeated.
    """

    def __init__(
        self,
        setting: str,
        text: str,
        renewed: Callable[[], str] | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._setting = setting
        self._renewed = renewed
        self._clock = clock
        self._reading = threading.Lock()
        self._keys: Mapping[str, str] = read_keys(setting, text)
        self._tried_at = -math.inf
        self._read_at = clock()

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self.key_ids)})"

    @property
    def key_ids(self) -> tuple[str, ...]:
        """As this process knows them; the first one writes."""
        return tuple(self._keys)

    def writing(self) -> tuple[str, str]:
        """The id and the key that write."""
        if self._is_old():
            self._renew()
        return next(iter(self._keys.items()))

    def key(self, key_id: str) -> str:
        """The key of this id.

        Raises:
            KeyMissing: the ring has none, also after it was read again.
        """
        if key_id not in self._keys:
            self._renew()
        key = self._keys.get(key_id)
        if key is None:
            raise KeyMissing(key_id)
        return key

    def read_again(self) -> None:
        """Read the setting now. If that fails, the ring stays as it is."""
        with self._reading:
            self._read()

    def _is_old(self) -> bool:
        return not 0 <= self._clock() - self._read_at < FRESH_SECONDS

    def _renew(self) -> None:
        """Read the setting, unless this or another thread has just tried."""
        with self._reading:
            if not 0 <= self._clock() - self._tried_at < PAUSE_SECONDS:
                self._read()

    def _read(self) -> None:
        if self._renewed is None:
            return
        began = self._clock()
        try:
            self._keys = read_keys(self._setting, self._renewed())
            self._read_at = began
        except Exception as error:  # its text is another's, and may hold the keys
            log.warning("%s could not be read again: %s", self._setting, type(error).__name__)
        finally:
            self._tried_at = self._clock()
