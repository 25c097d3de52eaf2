"""Writes a decision into the video service's database at once; its event writes it there again.

Nothing else of that database is read or written here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from fintegrate.errors import Unavailable

log = logging.getLogger(__name__)


def is_applied(write: Callable[[], object]) -> bool:
    """Whether the write was done. If the database is away, the event brings it later."""
    try:
        write()
    except Unavailable as error:
        log.warning("the video service learns of a change by its event: %s", error)
        return False
    return True
