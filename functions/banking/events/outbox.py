"""The outbox of customer events: its statements, its messages, its topology."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from chalicelib.banking.events.message import compose
from chalicelib.banking.events.topology import EXCHANGE, queues
from fintegrate.database import Row
from fintegrate.messaging.broker import BrokerUnavailable
from fintegrate.messaging.topology import declare
from fintegrate.outbox.outbox import OutboxShape
from fintegrate.queries import queries_beside

SQL = queries_beside(__file__)

log = logging.getLogger(__name__)


def outbox_shape(broker_url: str, seconds: float) -> OutboxShape:
    """The shape of this outbox on one broker; `seconds` bounds a declaration."""
    return OutboxShape(SQL, compose, topology_declarer(broker_url, seconds))


def topology_declarer(broker_url: str, seconds: float) -> Callable[[Sequence[Row]], None]:
    """A function that declares the queues of these rows' consumers (`consumer_name`).

    A broker that is away is only logged: the next publish comes back unroutable and declares again.
    """

    def declare_for(rows: Sequence[Row]) -> None:
        names = sorted({row["consumer_name"] for row in rows})
        try:
            declare(broker_url, EXCHANGE, queues(names), seconds)
        except BrokerUnavailable as error:
            log.warning("queues of %s not declared: %s", ", ".join(names), error)

    return declare_for
