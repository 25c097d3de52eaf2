"""The credentials of a function's role, which AWS puts into the function's environment."""

from __future__ import annotations

import os
from datetime import datetime

from fintegrate.settings import SettingsError
from fintegrate.storage.signing import Credentials


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
