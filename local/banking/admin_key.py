"""Makes keys for the admin of this checkout. The migration step installs the one that is configured."""

from __future__ import annotations

from collections.abc import Mapping

from fintegrate.access.keys import ApiKeys


def new_admin_key(settings: Mapping[str, str]) -> str:
    """Make a key that functions with these settings accept; it is stored nowhere."""
    keys = ApiKeys(settings["API_KEY_CHECK_SECRET"])
    return keys.text(keys.new())
