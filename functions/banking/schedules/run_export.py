"""Every minute: writes the files of exports that POST /consumer/export began, and deletes old ones."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chalice import Rate

from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="export")
@scheduled
def export(_event: Any) -> dict[str, Any]:
    """Overlapping runs are harmless: each job is leased by one."""
    # Here, to spare other cold starts.
    from chalicelib.banking.leaving.export_worker import ExportWorker

    own, settings = parts(), parts().settings
    if not own.object_store.exists:
        return {"skipped": "there is no object store"}
    store = own.object_store.require()
    worker = ExportWorker(own.sweep_database, store, keep_days=settings.export_days)
    return asdict(worker.run(settings.export_seconds))
