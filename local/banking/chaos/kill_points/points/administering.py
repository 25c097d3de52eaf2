"""Dies in the admin's work: onboarding a tenant and rotating its key."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from chalicelib.banking.events.topology import EXCHANGE, routing_key
from chalicelib.banking.tenants import ADMIN_NAME
from local.banking import client
from local.banking.chaos.kill_points.changes import creation
from local.banking.chaos.kill_points.trial import Trial
from local.banking.chaos.tenants import Tenant, in_folder
from local.chaos.boundaries import COMMIT, Method, Statement, after, before
from local.chaos.kill_points import KillPoint, until
from local.chaos.scheduled_run import ScheduledRun
from local.services.amqp import channel_on

CREATE = Statement("functions/banking/consumer/consumers.sql", "create_consumer")
PUBLISH = Method("fintegrate.messaging.publisher:Publisher.publish")
MARK = Statement("functions/banking/events/outbox.sql", "mark_published")


@dataclass(frozen=True)
class Onboarding:
    """POST /consumer/data: the admin gets no answer and asks again."""

    committed: bool
    most_copies: int = 1

    def __call__(self, trial: Trial) -> None:
        """Check the second answer, that the tenant works, and that its event arrives."""
        name = f"bank_{uuid.uuid4().hex[:12]}"
        request = trial.admin("POST", "/consumer/data", {"consumer_name": name})
        with _witness(trial) as copies_of:
            trial.kill(request)
            trial.send(request, 409 if self.committed else 201)
            until("the event is published", lambda: _published(trial, name))
            copies = copies_of(name)
        trial.expect(1 <= copies <= self.most_copies, f"its event was seen {copies} times")
        trial.tenant = _tenant(trial, name)
        trial.make(creation(trial.tenant))
        trial.come_to_rest()


@contextmanager
def _witness(trial: Trial) -> Iterator[Callable[[str], int]]:
    """Bind a second queue for the admin's events; gives the number of its messages about a consumer."""
    url = trial.cell.urls.rabbitmq_url
    with channel_on(url) as channel:
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, EXCHANGE, routing_key("consumer_created", ADMIN_NAME))

        def copies_of(name: str) -> int:
            found = iter(partial(channel.basic_get, queue, True), (None, None, None))
            return sum(name.encode() in (body or b"") for _, _, body in found)

        yield copies_of


def rotating(trial: Trial) -> None:
    """The admin gets no answer and no key, and rotates again. One key is active, and it works."""
    old = trial.tenant
    body = {"consumer_id": old.consumer_id, "rotate": True}
    request = trial.admin("POST", "/consumer/api-key", body)
    trial.make(creation(old))
    trial.kill(request)
    _one_active_key(trial, old)
    key = trial.send(request, 201).data["api_key"]
    _one_active_key(trial, old)
    trial.tenant = replace(old, key=key)
    trial.expect(trial.send(creation(old).request).status == 401, "the old key still works")
    trial.make(creation(trial.tenant))
    trial.come_to_rest()


def _one_active_key(trial: Trial, tenant: Tenant) -> None:
    (row,) = trial.cell.query("active_keys", consumer_id=tenant.consumer_id)
    trial.expect(row["count"] == 1, f"{row['count']} keys are active")


def _published(trial: Trial, name: str) -> bool:
    rows = trial.cell.query("consumer_created", name=name)
    trial.expect(len(rows) == 1, f"{len(rows)} events tell of the new consumer")
    if rows[0]["publish_status"] == "pending":
        trial.cell.run(ScheduledRun("resend"))
    return bool(rows[0]["publish_status"] == "published")


def _tenant(trial: Trial, name: str) -> Tenant:
    (row,) = trial.cell.query("consumer", name=name)
    body = {"consumer_id": row["consumer_id"]}
    key = trial.send(trial.admin("POST", "/consumer/api-key", body), 201).data["api_key"]
    return in_folder(client.Tenant(name, row["consumer_id"], key), trial.cell.folder)


POINTS = (
    KillPoint(
        "onboarding: after the rows, before the commit",
        after(CREATE),
        Onboarding(committed=False),
    ),
    KillPoint(
        "onboarding: after the commit, before the queues",
        after(COMMIT),
        Onboarding(committed=True),
    ),
    KillPoint(
        "onboarding: after the queues, before the publish",
        before(PUBLISH),
        Onboarding(committed=True),
    ),
    KillPoint(
        "onboarding: after the confirm, before the mark",
        before(MARK),
        Onboarding(committed=True, most_copies=2),
    ),
    KillPoint("key rotation: before the commit", before(COMMIT), rotating),
    KillPoint("key rotation: after the commit, before the answer", after(COMMIT), rotating),
)
