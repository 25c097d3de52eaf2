"""Every hour: moves events that have been settled for ARCHIVE_AFTER_DAYS into files.

First, files are written again that tell of a person who was erased since, also while nothing more is
moved.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from chalice import Rate

from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import Parts, parts, scheduled

if TYPE_CHECKING:
    from fintegrate.storage.store import Store

NOTHING_MOVES = {"skipped": "ARCHIVE_AFTER_DAYS is 0"}


@schedules.schedule(Rate(1, unit=Rate.HOURS), name="archive")
@scheduled
def archive(_event: Any) -> dict[str, Any]:
    """Overlapping runs are harmless: an event is moved once, and nobody deletes the file that has it."""
    # Here, to spare other cold starts.
    from chalicelib.banking.archive.forgetting import forget_erased

    own, settings = parts(), parts().settings
    if not settings.archive_after_days and not own.object_store.exists:
        return NOTHING_MOVES
    store, deadline = own.object_store.require(), time.monotonic() + settings.archive_seconds
    try:
        forgotten = forget_erased(own.sweep_database, store, deadline)
    finally:  # one file that cannot be read does not keep the others
        moved = _move(own, store, deadline)
    return {**moved, "rewritten": forgotten}


def _move(own: Parts, store: Store, deadline: float) -> dict[str, Any]:
    from chalicelib.banking.archive.archiving import Archiving

    after_days = own.settings.archive_after_days
    if not after_days:
        return NOTHING_MOVES
    archiving = Archiving(own.sweep_database, store, after_days=after_days)
    return asdict(archiving.run(deadline - time.monotonic()))
