"""Every minute: publishes what is pending, of clients and of every service."""

from __future__ import annotations

import logging
import time
from typing import Any

from chalice import Rate

from chalicelib.appevents.schedules.blueprint import schedules
from chalicelib.appevents.topology import declare_queues
from chalicelib.appevents.wiring import SETTINGS, parts, scheduled
from fintegrate.errors import Unavailable

log = logging.getLogger(__name__)


class ResendIncomplete(Exception):
    """The databases of some services are away; what the others had was published."""


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="app_resend")
@scheduled
def app_resend(_event: Any) -> dict[str, Any]:
    """Each outbox gets its share of the time. Declares the queues, so that their functions find them."""
    own = parts()
    declare_queues(own.settings)
    _, events = own.events()
    sweeps = {"clients": events, **{name: own.service(name).sweep for name in SETTINGS}}
    deadline = time.monotonic() + own.settings.app_sweep_seconds
    filters = {"handoff_seconds": own.settings.publish_handoff_seconds}
    sent, failed, away = 0, 0, []
    for index, (name, sweep) in enumerate(sweeps.items()):
        share = (deadline - time.monotonic()) / (len(sweeps) - index)
        try:
            summary = sweep.run(filters, max(0.0, share), counts=False)
        except Unavailable as error:
            log.warning("nothing of %s was sent: %s", name, error)
            away.append(name)
            continue
        sent, failed = sent + summary.succeeded, failed + summary.failed
    if away:
        raise ResendIncomplete(f"not sent: {', '.join(away)}")
    return {"sent": sent, "failed": failed}
