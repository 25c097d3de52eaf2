"""Every minute: what is not done, as CloudWatch metrics."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from chalice import Rate

from chalicelib.appevents.configuration import CLOUDWATCH_NAMESPACE, Configuration
from chalicelib.appevents.schedules.blueprint import schedules
from chalicelib.appevents.topology import names_of
from chalicelib.appevents.wiring import parts, scheduled
from fintegrate.database import Row
from fintegrate.embedded_metrics import publish
from fintegrate.messaging.broker import BrokerUnavailable

log = logging.getLogger(__name__)
DEAD_LETTERS = ".dlq"


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="app_publish_metrics")
@scheduled
def app_publish_metrics(_event: Any) -> dict[str, Any]:
    """Publish the figures of all services together."""
    from chalicelib.appevents.notification.backlog import read_backlog  # spares other cold starts

    own = parts()
    backlog = read_backlog(own.service("notification").request.database)
    figures = figures_of(backlog, _waiting(own.settings))
    publish(CLOUDWATCH_NAMESPACE, {"Stage": own.settings.stage}, figures)
    return figures


def figures_of(backlog: Row, waiting: Mapping[str, int]) -> dict[str, int]:
    """The figures, from the database and from the messages of each queue.

    A dead letter is counted until it is sent again, wherever it lies.
    """
    dead = sum(count for name, count in waiting.items() if name.endswith(DEAD_LETTERS))
    return {
        "UnsettledEvents": backlog["unsettled_count"],
        "OldestUnsettledAge": round(backlog["oldest_unsettled_age_seconds"] or 0),
        "UnpublishedEvents": backlog["unpublished_count"],
        "WaitingMessages": sum(waiting.values()) - dead,
        "DeadLetters": backlog["dead_letter_count"] + dead,
    }


def _waiting(settings: Configuration) -> Mapping[str, int]:
    """The messages of each queue; none while the broker is away, of which other alarms tell."""
    from fintegrate.messaging.depths import depths

    try:
        found = depths(settings.app_rabbitmq_url, names_of(settings))
    except BrokerUnavailable as error:
        log.warning("the queues are not counted: %s", error)
        return {}
    return {name: depth.messages for name, depth in found.items() if depth is not None}
