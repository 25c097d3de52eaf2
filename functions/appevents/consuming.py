"""The inbox of a service: its handlers, by the types of the events that reach its queue.

A handler takes the database and an event, in an open transaction, and returns the service's answer or
None. It raises `Rejected` for what can never succeed, and `NotYet` for what may succeed later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.appevents.envelope import Event, read
from chalicelib.appevents.events.catalogue import REJECTED
from chalicelib.appevents.outbox import Reply, write_reply
from fintegrate.database import Database, Row
from fintegrate.messaging.inbox import Delivery, Rejected
from fintegrate.messaging.queue_function import QueueMessage
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
Handler = Callable[[Database, Event[Any]], Reply | None]


@dataclass(frozen=True, slots=True)
class Consuming:
    """What a service does with the events of its queue."""

    service: str
    database: Database
    handlers: Mapping[str, Handler]

    def read(self, message: QueueMessage) -> Delivery[Event[Any]]:
        """Read a message.

        Raises:
            Rejected: it is no event, or none of this service's.
        """
        delivery = read(message)
        if delivery.kind not in self.handlers:
            raise Rejected("unknown_event_type", f"{self.service} does not act on {delivery.kind}")
        return delivery

    def apply(self, delivery: Delivery[Event[Any]]) -> Sequence[Row]:
        """Act on an event, and write the answer; returns the rows to publish."""
        reply = self.handlers[delivery.kind](self.database, delivery.event)
        if reply is None:
            return ()
        answer = write_reply(self.database, self.service, delivery.event, reply)
        return (*reply.further, answer)

    def reject(self, delivery: Delivery[Event[Any]], code: str, reason: str) -> Sequence[Row]:
        """Write why an event was rejected; returns the rows to publish."""
        said = {"event_type": delivery.kind, "reason_code": code, "reason": reason[:500]}
        reply = Reply(REJECTED, said)
        event = delivery.event or _unread(delivery)
        return (write_reply(self.database, self.service, event, reply),)


def _unread(delivery: Delivery[Any]) -> Event[Any]:
    """An event of which no more than the key could be read."""
    now = datetime.now(UTC)
    return Event(delivery.id, delivery.owner, delivery.kind, None, now, now, None, "", None)
