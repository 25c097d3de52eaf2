"""Every hour: what is sealed with a former key is sealed again."""

from __future__ import annotations

from typing import Any

from chalice import Rate

from chalicelib.relay.schedules.blueprint import schedules
from chalicelib.relay.wiring import parts, scheduled


@schedules.schedule(Rate(1, unit=Rate.HOURS), name="relay_reencrypt")
@scheduled
def relay_reencrypt(_event: Any) -> dict[str, Any]:
    """Overlapping runs are harmless: each takes other rows. The next run takes what is left.

    A text that does not open is logged with its row and key, and fails no run: the others go on.
    """
    from chalicelib.relay.keys.reseal import reseal  # here, to spare other cold starts

    own, settings = parts(), parts().settings
    done = reseal(
        own.batch_database,
        own.sealing(),
        settings.relay_deliver_seconds,
        batch=settings.relay_sweep_batch,
    )
    return {
        f"{name}_{kind}": count
        for name, resealed in done.items()
        for kind, count in resealed.counts().items()
    }
