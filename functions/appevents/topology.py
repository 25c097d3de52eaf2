"""The exchange of the app's events and the queues of its services."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from chalicelib.appevents.configuration import Configuration
from chalicelib.appevents.events.catalogue import TYPES, read_by
from fintegrate.messaging.broker import BrokerUnavailable
from fintegrate.messaging.topology import declare
from fintegrate.messaging.waiting_queues import WaitingQueues
from fintegrate.settings import SettingsError

EXCHANGE = "app.events"
LONGEST_WAIT = 86_400
log = logging.getLogger(__name__)


def services() -> list[str]:
    """Those that have a queue."""
    return sorted({service for each in TYPES.values() for service in each.read_by})


def queues_of(service: str, settings: Configuration) -> WaitingQueues:
    """The queues of a service.

    Raises:
        SettingsError: APP_RETRY_SECONDS cannot be read.
    """
    return WaitingQueues(
        f"app.{service}", waits_of(settings.app_retry_seconds), settings.app_queue_type
    )


def names_of(settings: Configuration) -> list[str]:
    """The names of all queues: of each service its own, those that wait, the dead letters."""
    return [
        queue.name
        for service in services()
        for queue in queues_of(service, settings).queues(read_by(service))
    ]


def waits_of(text: str) -> Sequence[float]:
    """The waits before each retry, in seconds.

    Raises:
        SettingsError: it is no list of numbers.
    """
    try:
        waits = [float(part) for part in text.split(",")]
    except ValueError:
        waits = []
    if not waits or not all(0 <= wait <= LONGEST_WAIT for wait in waits):
        raise SettingsError(
            "APP_RETRY_SECONDS must be numbers of seconds up to a day, separated by commas"
        )
    return waits


def declare_queues(settings: Configuration) -> None:
    """Declare the exchange and all queues; if the broker is away, this only logs it."""
    wanted = [
        queue
        for service in services()
        for queue in queues_of(service, settings).queues(read_by(service))
    ]
    try:
        declare(settings.app_rabbitmq_url, EXCHANGE, wanted)
    except BrokerUnavailable as error:
        log.warning("the queues of %s are not declared: %s", EXCHANGE, error)
