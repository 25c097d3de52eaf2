"""What goes wrong inside RabbitMQ while it runs: its memory alarm, and a queue that is full."""

from __future__ import annotations

from random import Random
from typing import Protocol, cast
from urllib.parse import quote

import httpx

from chalicelib.banking.events.topology import queue_name
from local.banking.chaos.faults.fault import Scene

LITTLE_ROOM = 5
"""Messages for which a full queue has room. The lower of a policy's and a queue's own limit counts
(rabbitmq.com/docs/maxlength), so the contract's queue stays declared as it is."""
HIGH_WATERMARK = "0.4"
NO_MEMORY = "0.0000001"


class Controlled(Protocol):
    """A broker whose node can be told what `rabbitmqctl` tells it."""

    def control(self, *arguments: str) -> None: ...


def memory_alarm(scene: Scene, _random: Random, seconds: float) -> None:
    """The broker believes that its memory is full and blocks every publisher."""
    broker = cast(Controlled, scene.bed.services.rabbitmq)
    broker.control("set_vm_memory_high_watermark", NO_MEMORY)
    scene.last(seconds)
    broker.control("set_vm_memory_high_watermark", HIGH_WATERMARK)


def queue_full(scene: Scene, random: Random, seconds: float) -> None:
    """One tenant's program stands still and its queue has room for a few more messages only."""
    tenant = random.choice(scene.bed.tenants)
    consumer = scene.bed.consumers[tenant.name]
    management = scene.bed.services.urls.rabbitmq_management_url
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
    ).raise_for_status()
    scene.last(seconds)
    httpx.delete(policy, timeout=10).raise_for_status()
    consumer.wake()
