"""Who signs for a bucket: the keys of the settings, else the function's role.

AWS puts the role's credentials into the function's environment.
"""

from __future__ import annotations

import os
from datetime import datetime

from fintegrate.settings import SettingsError
from fintegrate.storage.signing import Credentials, Signer


def of_the_role() -> Credentials:
    """The role's credentials, and when they end, if AWS says so.

    Raises:
        SettingsError: the environment has none.
    """
    said, ends = os.environ, os.environ.get("AWS_CREDENTIAL_EXPIRATION")
    try:
        return Credentials(
            said["AWS_ACCESS_KEY_ID"],
            said["AWS_SECRET_ACCESS_KEY"],
            said.get("AWS_SESSION_TOKEN", ""),
            datetime.fromisoformat(ends) if ends else None,
        )
    except KeyError:
        raise SettingsError("OBJECT_STORE_ACCESS_KEY is not set, and there is no role") from None


def signer_of(
    endpoint: str, region: str, bucket: str, fixed: Credentials, *, addressing: str
) -> Signer:
    """What signs for a bucket: with `fixed` credentials, or with the role's if those are empty.

    Raises:
        SettingsError: `addressing` is neither `path` nor `virtual`.
    """
    if addressing not in {"path", "virtual"}:
        raise SettingsError("the addressing of an object store must be path or virtual")
    credentials = (lambda: fixed) if fixed.access_key else of_the_role
    return Signer(endpoint, region, bucket, credentials, virtual=addressing == "virtual")
