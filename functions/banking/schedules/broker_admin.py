"""The function that administers the broker: the only one with RABBITMQ_MANAGEMENT_URL.

It gets nudges from its queue, from the API and from the schedule `observe_broker`. An operator may also
call it by hand (docs/deploy.md, *Secrets and their rotation*).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any

from chalicelib.banking.broker.nudges import QUEUE, errand_of
from chalicelib.banking.configuration import Configuration
from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts
from fintegrate.messaging.queue_function import QueueMessage, queue_function
from fintegrate.settings import load

log = logging.getLogger(__name__)


def by_hand(event: Mapping[str, Any]) -> dict[str, Any]:
    """What an operator or `make deploy` asks for: `platform_user` or `administrators_password_hash`.

    Reads the settings anew, because a password has just been changed.

    Raises:
        ValueError: the event asks for nothing that is known.
    """
    settings = load(Configuration, os.environ)
    if event.get("platform_user"):
        return {"user": _administration(settings).put_platform_user(settings.rabbitmq_url)}
    if new := event.get("administrators_password_hash"):
        return {"user": _administration(settings).put_own_password(str(new))}
    raise ValueError("send platform_user: true, or administrators_password_hash")


@schedules.lambda_function(name="broker_admin")
@queue_function(QUEUE, by_hand=by_hand)
def broker_admin(message: QueueMessage) -> None:
    """Nudges may come again: what is settled is left alone."""
    from fintegrate.messaging.management import ManagementRefused, ManagementUnavailable

    administration = _administration(parts().settings)
    try:
        if errand_of(message.body) == "observe":
            administration.observe()
        else:
            administration.settle()
    # Brought back, the nudge would be tried again at once. The next one comes within a minute.
    except ManagementUnavailable as error:
        log.warning("the broker's management does not answer: %s", error)
    except ManagementRefused:
        log.exception("the broker refuses its administrator")


def _administration(settings: Configuration) -> Any:
    # Here, to spare other cold starts.
    from chalicelib.banking.broker.administration import Administration
    from fintegrate.messaging.management import Management

    management = Management(settings.rabbitmq_management_url)
    return Administration(management, parts().request.database, parts().sweep_database)
