"""Every minute: writes the reminders whose time has come."""

from __future__ import annotations

import time
from typing import Any

from chalice import Rate

from chalicelib.appevents.program.reminders import write_due
from chalicelib.appevents.schedules.blueprint import schedules
from chalicelib.appevents.wiring import parts, scheduled

BATCH = 200


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="app_remind")
@scheduled
def app_remind(_event: Any) -> dict[str, Any]:
    """Each batch commits by itself. What is left when the time is over is the next run's."""
    own = parts()
    program = own.service("program")
    deadline = time.monotonic() + own.settings.app_sweep_seconds
    written = 0
    while (began := time.monotonic()) < deadline:
        due, rows = write_due(program.request.database, BATCH)
        if rows:
            program.outbox.publish_together(rows, began)
        written += len(rows)
        if due < BATCH:
            break
    return {"reminders": written}
