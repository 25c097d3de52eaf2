"""Every hour: signing secrets that are sealed with a former key are sealed again."""

from __future__ import annotations

from typing import Any

from chalice import Rate

from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled


@schedules.schedule(Rate(1, unit=Rate.HOURS), name="reseal_webhooks")
@scheduled
def reseal_webhooks(_event: Any) -> dict[str, Any]:
    """Overlapping runs are harmless: each takes other rows. The next run takes what is left."""
    from chalicelib.banking.webhooks.resealing import reseal  # here, to spare other cold starts

    own = parts()
    done = reseal(own.sweep_database, own.sealing(), own.settings.sweep_seconds)
    return dict(done.counts())
