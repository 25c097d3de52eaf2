"""Shortens times of a process of a run that no setting shortens. The functions are unchanged."""

from __future__ import annotations

import os

from fintegrate.messaging import publisher
from local.relay.chaos import sabotage

HEARTBEAT_SECONDS = 3
REQUEST_SECONDS = 2
LEASE_MARGIN_SECONDS = 3


def prepare() -> None:
    """A dead process's leases end after 5 seconds instead of 35, and the broker drops it after 6."""
    from chalicelib.relay.delivery import deliver

    sabotage.commit(os.environ)
    publisher.HEARTBEAT_SECONDS = HEARTBEAT_SECONDS
    assert {"LONGEST_SECONDS", "LEASE_MARGIN_SECONDS"} <= vars(deliver).keys()
    deliver.LONGEST_SECONDS = REQUEST_SECONDS
    deliver.LEASE_MARGIN_SECONDS = LEASE_MARGIN_SECONDS
