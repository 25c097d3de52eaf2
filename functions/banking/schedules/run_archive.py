"""Every hour: moves events that have been settled for ARCHIVE_AFTER_DAYS into files.

First, files are written again that tell of a person who was erased since.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from chalice import Rate

from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled


@schedules.schedule(Rate(1, unit=Rate.HOURS), name="archive")
@scheduled
def archive(_event: Any) -> dict[str, Any]:
    """Overlapping runs are harmless: an event is moved once, and nobody deletes the file that has it."""
    # Here, to spare other cold starts.
    from chalicelib.banking.archive.archiving import Archiving
    from chalicelib.banking.archive.forgetting import forget_erased

    own, settings = parts(), parts().settings
    if not settings.archive_after_days:
        return {"skipped": "ARCHIVE_AFTER_DAYS is 0"}
    store, deadline = own.object_store.require(), time.monotonic() + settings.archive_seconds
    archiving = Archiving(own.sweep_database, store, after_days=settings.archive_after_days)
    try:
        forgotten = forget_erased(own.sweep_database, store, deadline)
    finally:  # one file that cannot be read does not keep the others
        moved = archiving.run(deadline - time.monotonic())
    return {**asdict(moved), "rewritten": forgotten}
