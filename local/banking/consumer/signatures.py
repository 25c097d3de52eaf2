"""Whether a webhook is Fintegrate's: Standard Webhooks 1.0, and where this program keeps the secrets.

The library compares in constant time and refuses a timestamp that is more than five minutes away. In a
rotation this program may know two secrets, and a call may have two signatures: one that fits is enough.

A secret comes from the environment, or from a file that only its owner may read. The file is read for
each call, so a rotation needs no restart.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from standardwebhooks.webhooks import (
    EmptyWebhookSecretError,
    Webhook,
    WebhookVerificationError,
)

from local.banking.consumer.settings import WrongSetting

SECRET, SECRET_FILE = "WEBHOOK_SECRET", "WEBHOOK_SECRET_FILE"
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
_HOW = "POST /consumer/onboard, /consumer/delivery or /consumer/delivery/rotate shows it once"
_PREFIX = "whsec_"
_NO_FIT = "No matching signature found"


class NotGenuine(Exception):
    """The call is not Fintegrate's, or is too old; the text repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets that may have signed, from the environment (`given`) or else from `file`."""

    file: Path
    given: str = field(default="", repr=False)

    @classmethod
    def of(cls, environment: Mapping[str, str], otherwise: Path) -> Secrets:
        """Those that the environment names.

        Args:
            otherwise: the file, if the environment names neither a secret nor a file
        """
        file = environment.get(SECRET_FILE, "").strip()
        return cls(Path(file) if file else otherwise, environment.get(SECRET, "").strip())

    def read(self) -> list[Webhook]:
        """Each secret, ready to verify with.

        Raises:
            WrongSetting: there is none, one is malformed, or others may read the file
        """
        texts = (self.given or self._text()).split()
        if not texts:
            raise WrongSetting(f"{SECRET} is not set, and {self.file} has none: {_HOW}")
        try:
            if all(text.startswith(_PREFIX) for text in texts):
                return [Webhook(text) for text in texts]
        except (ValueError, EmptyWebhookSecretError):
            pass  # the same words, without the library's, which may repeat the secret
        raise WrongSetting(f"a secret is not of the form {_PREFIX}…: {_HOW}")

    def _text(self) -> str:
        try:
            with self.file.open() as opened:
                mode = stat.S_IMODE(self.file.stat().st_mode)
                if mode & 0o077:
                    raise WrongSetting(f"others may read {self.file}: chmod 600 it")
                return opened.read()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise WrongSetting(f"{self.file} cannot be read: {error.strerror}") from None


def check(webhooks: list[Webhook], body: bytes, headers: Mapping[str, str]) -> None:
    """Return if one of the secrets has signed these very bytes, and not long ago.

    Args:
        headers: by their names in lower case

    Raises:
        NotGenuine: none has, or it is too old or too new
    """
    signed = {name: headers.get(name, "") for name in HEADERS}
    words = _NO_FIT
    for webhook in webhooks:
        try:
            webhook.verify(body, signed, json_parse=False)
        except WebhookVerificationError as error:
            words = str(error)
        except ValueError:  # what the library says of a body or a signature that it cannot read
            words = "a signature or a body that cannot be read"
        else:
            return
    raise NotGenuine(words)
