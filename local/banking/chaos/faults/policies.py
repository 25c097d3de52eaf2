"""Puts a policy on one tenant's queue, also while another fault has stopped the broker.

A queue obeys one policy, that of the highest priority, and of a policy and the queue's own arguments the
lower limit (rabbitmq.com/docs/parameters#policies). So the contract's queue stays declared as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote

import httpx

from chalicelib.banking.events.topology import queue_name
from local.banking.chaos.faults.targets import Targets
from local.banking.chaos.tenants import Tenant
from local.machine.environment import may_use_proxy

PATIENCE_SECONDS = 60.0


@contextmanager
def policy(
    targets: Targets, tenant: Tenant, name: str, definition: Mapping[str, int], priority: int = 0
) -> Iterator[None]:
    """The policy holds inside the block."""
    address = (
        f"{targets.bed.services.urls.rabbitmq_management_url}/api/policies/{quote('/', safe='')}"
        f"/{name}"
    )
    direct = may_use_proxy(address)
    wanted = {
        "pattern": f"^{queue_name(tenant.name)}$",
        "definition": definition,
        "priority": priority,
        "apply-to": "queues",
    }
    _insist(lambda: httpx.put(address, json=wanted, timeout=10, trust_env=direct))
    try:
        yield
    finally:
        _insist(lambda: httpx.delete(address, timeout=10, trust_env=direct))


def _insist(ask: Callable[[], httpx.Response]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = ask()
            if answer.status_code != httpx.codes.NOT_FOUND:  # an answer got lost after the deletion
                answer.raise_for_status()
            return
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
