"""The topology of the contract: the exchange, and each consumer's queue and dead-letter queue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, get_args

from chalicelib.banking.tenants import ADMIN_NAME
from fintegrate.messaging.topology import Queue

EXCHANGE = "customer_events"
EventType = Literal[
    "customer_creation", "customer_deletion", "customer_status_change", "consumer_created"
]
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)
QUEUE_TTL_SECONDS = 86_400
"""A message that nobody took from its queue for this long becomes a dead letter."""
CUSTOMER_EVENT_TYPES = tuple(kind for kind in EVENT_TYPES if kind.startswith("customer_"))


def queue_name(consumer_name: str) -> str:
    return f"customer_notification_{consumer_name}"


def dead_letter_queue_name(consumer_name: str) -> str:
    return f"customer_notification_{consumer_name}_DLQ"


def routing_key(event_type: str, consumer_name: str) -> str:
    """`customer.` + the type without its `customer_` prefix + `.` + the consumer's name."""
    return f"customer.{event_type.removeprefix('customer_')}.{consumer_name}"


def queues(consumer_names: Iterable[str]) -> list[Queue]:
    """The consumers' queues; each dead-letter queue comes first, so that no dead letter is lost."""
    return [queue for name in consumer_names for queue in (_dead_letters(name), _queue(name))]


def _dead_letters(name: str) -> Queue:
    return Queue(dead_letter_queue_name(name), [_dead_letter_key(name)])


def _queue(name: str) -> Queue:
    # No wildcard: customer.*.{name} would route dead letters back into the queue.
    types = EVENT_TYPES if name == ADMIN_NAME else CUSTOMER_EVENT_TYPES
    return Queue(queue_name(name), [routing_key(t, name) for t in types], _arguments(name))


def _arguments(name: str) -> dict[str, Any]:
    return {
        "x-queue-type": "quorum",
        "x-single-active-consumer": True,
        "x-message-ttl": QUEUE_TTL_SECONDS * 1_000,
        "x-max-length": 100_000,
        "x-overflow": "reject-publish",
        "x-delivery-limit": 20,
        "x-dead-letter-exchange": EXCHANGE,
        "x-dead-letter-routing-key": _dead_letter_key(name),
        "x-dead-letter-strategy": "at-least-once",
    }


def _dead_letter_key(name: str) -> str:
    return f"customer.dlq.{name}"
