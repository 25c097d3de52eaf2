"""Faults inside a running RabbitMQ: its memory alarm and a full queue."""

from __future__ import annotations

from random import Random
from typing import Protocol, cast
from urllib.parse import quote

import httpx

from chalicelib.banking.events.topology import queue_name
from local.banking.chaos.faults.fault import Targets
from local.machine.environment import may_use_proxy

LITTLE_ROOM = 5
"""Messages that still fit into the queue. The lower of a policy's and a queue's own limit counts
(rabbitmq.com/docs/maxlength), so the contract's queue stays declared as it is."""
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
    management = targets.bed.services.urls.rabbitmq_management_url
    policy = f"{management}/api/policies/{quote('/', safe='')}/little_room"
    consumer.freeze()
    httpx.put(
        policy,
        json={
            "pattern": f"^{queue_name(tenant.name)}$",
            "definition": {"max-length": LITTLE_ROOM},
            "apply-to": "queues",
        },
        timeout=10,
        trust_env=may_use_proxy(policy),
    ).raise_for_status()
    targets.last(seconds)
    httpx.delete(policy, timeout=10, trust_env=may_use_proxy(policy)).raise_for_status()
    consumer.wake()
