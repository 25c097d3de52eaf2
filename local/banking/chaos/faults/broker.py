"""Faults inside a running RabbitMQ: its memory alarm and a full queue."""

from __future__ import annotations

from random import Random
from typing import Protocol, cast

from local.banking.chaos.faults.policies import policy
from local.banking.chaos.faults.targets import Targets

LITTLE_ROOM = 5
"""Messages that still fit into the queue."""
HIGH_WATERMARK = "0.4"
NO_MEMORY = "0.0000001"


class Controlled(Protocol):
    """A broker whose node takes commands of `rabbitmqctl`."""

    def control(self, *arguments: str) -> None: ...


def memory_alarm(targets: Targets, _random: Random, seconds: float) -> None:
    """Make the broker believe that its memory is full, so that it blocks every publisher."""
    broker = cast(Controlled, targets.bed.services.rabbitmq)
    broker.control("set_vm_memory_high_watermark", NO_MEMORY)
    targets.last(seconds)
    broker.control("set_vm_memory_high_watermark", HIGH_WATERMARK)


def queue_full(targets: Targets, random: Random, seconds: float) -> None:
    """Freeze one tenant's program while its queue has room for only a few more messages."""
    tenant = random.choice(targets.bed.tenants)
    consumer = targets.bed.consumers[tenant.name]
    consumer.freeze()
    with policy(targets, tenant, "little_room", {"max-length": LITTLE_ROOM}):
        targets.last(seconds)
    consumer.wake()
