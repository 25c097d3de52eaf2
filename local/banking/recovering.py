"""`make recover`: what the function `recover` does in AWS, for the database of this checkout.

It starts the servers if they do not run, migrates what was restored, and does the work of `broker_admin`
itself, because that function may not run here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from local.machine.checkout import Checkout
from local.services.installation import install


class NotRecovered(Exception):
    """The recovery could not be done whole; the text says why. It may be run again."""


def recover(checkout: Checkout, backup_time: str, reason: str) -> str:
    """Migrate what was restored and recover it; returns what was done and found, as JSON.

    Raises:
        NotRecovered: the time is wrong, or the record of revocations or the broker is away.
    """
    installation = install(checkout, keep=False)
    with installation.services:
        found = recover_database(installation.environment, backup_time, reason)
    return json.dumps(found, indent=2)


def recover_database(
    environment: Mapping[str, str], backup_time: str, reason: str
) -> dict[str, Any]:
    """Recover the migrated database of these settings. Raises as `recover`."""
    # Here, so that the other commands need not load them.
    from chalicelib.banking import wiring
    from chalicelib.banking.schedules.recover import run_recovery
    from fintegrate.messaging.broker import BrokerUnavailable
    from fintegrate.messaging.management import ManagementUnavailable
    from fintegrate.outside_record import RecordUnavailable

    failures = RecordUnavailable, BrokerUnavailable, ManagementUnavailable, ValueError
    parts = wiring.build(environment)
    wiring.use(parts)
    try:
        return run_recovery({"backup_time": backup_time, "reason": reason}, settle)
    except failures as error:
        raise NotRecovered(f"not recovered: {error}") from error
    finally:
        parts.close()
        wiring.use(None)


def settle() -> None:
    """Make the broker's users what the database wants, now."""
    from chalicelib.banking import wiring
    from chalicelib.banking.broker.administration import Administration
    from fintegrate.messaging.management import Management

    own = wiring.parts()
    management = Management(own.settings.rabbitmq_management_url)
    Administration(management, own.request.database, own.sweep_database).settle()
