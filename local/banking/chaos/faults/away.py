"""A bank that is away for longer than its queue keeps messages, healed as an operator heals it."""

from __future__ import annotations

import time
from contextlib import suppress
from http.client import CONFLICT
from random import Random
from uuid import uuid4

from local.banking.chaos.faults.policies import policy
from local.banking.chaos.faults.targets import Targets
from local.banking.chaos.tenants import Tenant
from local.banking.client import CallFailed, Client, Reply

MEMORY_MS = 500
BEFORE_OTHERS = 10
"""The policy's priority: that of a full queue may stand beside it."""
HEALED_SECONDS = 90.0
REASON = "away for longer than its queue keeps messages"


def bank_away(targets: Targets, random: Random, seconds: float) -> None:
    """Stop one tenant's program until its messages have expired, rewind, and start it again.

    The rewind is the documented remedy. The program comes back when its queue has been made anew.

    Raises:
        TimeoutError: the rewind did not get so far.
    """
    tenant = random.choice(targets.bed.tenants)
    consumer = targets.bed.consumers[tenant.name]
    consumer.stop()
    with policy(targets, tenant, "short_memory", {"message-ttl": MEMORY_MS}, BEFORE_OTHERS):
        targets.last(seconds)
    try:
        _rewind(targets, tenant)
    finally:
        consumer.start()


def _rewind(targets: Targets, tenant: Tenant) -> None:
    deadline = time.monotonic() + HEALED_SECONDS
    body = {"consumer_id": tenant.consumer_id, "reason": f"{REASON} ({uuid4()})"}
    while time.monotonic() < deadline and not targets.stopping.is_set():
        with suppress(CallFailed):  # another fault may have stopped a process
            if _is_healed(targets, body):
                return
        targets.last(0.5)
    if not targets.stopping.is_set():
        raise TimeoutError(f"the rewind of {tenant.name} did not begin to publish")


def _is_healed(targets: Targets, body: dict[str, str]) -> bool:
    """Begin the rewind, unless it has begun; whether it publishes, or nothing was left to send.

    While another one is under way, such as a recovery's, it is waited for: what that one has sent may
    have expired.
    """
    job = _ask(targets, "GET", body)
    status = job.data.get("status", "done")  # 404: there was none
    if job.data.get("reason") == body["reason"]:
        return status in {"publishing", "done"}
    return status == "done" and _ask(targets, "POST", body).status == CONFLICT


def _ask(targets: Targets, method: str, body: dict[str, str]) -> Reply:
    url, key = targets.bed.base_urls[0], targets.bed.environment["ADMIN_API_KEY"]
    with Client(url, key) as admin:
        if method == "GET":
            query = {"consumer_id": body["consumer_id"]}
            return admin.call(method, "/events/rewind", query=query)
        return admin.call(method, "/events/rewind", body)
