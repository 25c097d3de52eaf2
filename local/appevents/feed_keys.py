"""`make rotate-feed-keys`: what the function `app_rotate_feed_keys` does in AWS, for this checkout."""

from __future__ import annotations

from collections.abc import Mapping

from local.machine.checkout import Checkout
from local.services.installation import install


def rotate_feed_keys(checkout: Checkout) -> str:
    """Have a new key sign access tokens; returns its id. Starts the servers if they do not run."""
    installation = install(checkout, keep=False)
    with installation.services:
        return rotate_in(installation.environment)


def rotate_in(environment: Mapping[str, str]) -> str:
    """The same for the databases of these settings."""
    # Here, so that the other commands need not load them.
    from chalicelib.appevents import wiring
    from chalicelib.appevents.settings.rotate_feed_keys import app_rotate_feed_keys

    parts = wiring.build(environment)
    wiring.use(parts)
    try:
        return str(app_rotate_feed_keys({}, None)["kid"])
    finally:
        parts.close()
        wiring.use(None)
