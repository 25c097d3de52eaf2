"""The function `recover`: to be run after a backup was restored and before writes come back.

    {"backup_time": "2026-11-26T10:00:00Z", "reason": "disk lost"}

Called by hand, as the function `migrate` is by a deployment; `make recover` does the same here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts

SETTLE_SECONDS = 30


@schedules.lambda_function(name="recover")
def recover(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
    """Recover, or go on with the recovery of the same backup; returns what was done and found."""
    return run_recovery(event, _settle)


def run_recovery(event: Mapping[str, Any], settle: Callable[[], None]) -> dict[str, Any]:
    """The same, with another way to have the broker's users settled."""
    from chalicelib.banking.events.recovery import Recovery
    from fintegrate.http.envelope import dumps
    from fintegrate.messaging.publisher import parameters_of

    backup_at, reason = datetime.fromisoformat(str(event["backup_time"])), str(event["reason"])
    own = parts()
    parameters = parameters_of(own.settings.rabbitmq_url)
    recovery = Recovery(own.request.database, own.revocations, parameters, settle)
    found: dict[str, Any] = json.loads(dumps(recovery.run(backup_at, reason)))
    return found


def _settle() -> None:
    from chalicelib.banking.broker.nudges import nudge
    from chalicelib.banking.events.recovery import wait_until_settled

    settings = parts().settings
    nudge(parts().publisher, settings.rabbitmq_url, settings.publish_timeout_ms / 1000, "settle")
    wait_until_settled(parts().request.database, SETTLE_SECONDS)
