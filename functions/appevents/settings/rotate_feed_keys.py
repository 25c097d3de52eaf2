"""Run by hand (`make rotate-feed-keys`): a new key signs feed access tokens from now on."""

from __future__ import annotations

from typing import Any

from chalicelib.appevents.schedules.blueprint import schedules
from chalicelib.appevents.settings.signing_keys import rotate
from chalicelib.appevents.wiring import parts


@schedules.lambda_function(name="app_rotate_feed_keys")
def app_rotate_feed_keys(_event: Any, _context: Any) -> dict[str, Any]:
    """Make a new key; the former one verifies as long as its tokens may last."""
    own = parts()
    return {"kid": rotate(own.beside("settings"), own.sealing())}
