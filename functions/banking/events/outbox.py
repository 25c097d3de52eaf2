"""The outbox of customer events: its columns, its statements, and how lost queues are declared."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from chalicelib.banking.events.topology import EXCHANGE, queues
from fintegrate.database import Row
from fintegrate.messaging.broker import BrokerUnavailable
from fintegrate.messaging.topology import declare
from fintegrate.outbox.table import OutboxTable
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
EVENTS = OutboxTable(
    id="event_id",
    key="customer_id",
    position="sequence",
    order=(("created_at", "-infinity"), ("event_id", "00000000-0000-0000-0000-000000000000")),
    held_back="held back by an earlier event of the same customer",
    owner="consumer_id",
)

log = logging.getLogger(__name__)


def declare_queues(broker_url: str, seconds: float, rows: Sequence[Row]) -> None:
    """Declare the queues of these rows' consumers (`consumer_name`) within `seconds`.

    If the broker is away, this only logs it: the next publish is unroutable and declares again.
    """
    names = sorted({row["consumer_name"] for row in rows})
    try:
        declare(broker_url, EXCHANGE, queues(names), seconds)
    except BrokerUnavailable as error:
        log.warning("queues of %s not declared: %s", ", ".join(names), error)
