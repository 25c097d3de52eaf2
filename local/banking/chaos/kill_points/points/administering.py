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
from local.banking.chaos.kill_points.point import KillPoint
from local.banking.chaos.kill_points.scene import Scene, until
from local.banking.chaos.kill_points.tasks import ScheduledRun
from local.banking.chaos.tenants import Tenant, in_folder
from local.chaos.boundaries import COMMIT, Method, Statement, after, before
from local.services.amqp import channel_on

CREATE = Statement("functions/banking/consumer/consumers.sql", "create_consumer")
PUBLISH = Method("fintegrate.messaging.publisher:Publisher.publish")
MARK = Statement("functions/banking/events/outbox.sql", "mark_published")


@dataclass(frozen=True)
class Onboarding:
    """POST /consumer/data: the admin gets no answer and asks again."""

    committed: bool
    most_copies: int = 1

    def __call__(self, scene: Scene) -> None:
        """Check the second answer, that the tenant works, and that its event arrives."""
        name = f"bank_{uuid.uuid4().hex[:12]}"
        request = scene.admin("POST", "/consumer/data", {"consumer_name": name})
        with _witness(scene) as copies_of:
            scene.kill(request)
            scene.send(request, 409 if self.committed else 201)
            until("the event is published", lambda: _published(scene, name))
            copies = copies_of(name)
        scene.expect(1 <= copies <= self.most_copies, f"its event was seen {copies} times")
        scene.tenant = _tenant(scene, name)
        scene.make(creation(scene.tenant))
        scene.come_to_rest()


@contextmanager
def _witness(scene: Scene) -> Iterator[Callable[[str], int]]:
    """Bind a second queue for the admin's events; gives the number of its messages about a consumer."""
    url = scene.cell.urls.rabbitmq_url
    with channel_on(url) as channel:
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, EXCHANGE, routing_key("consumer_created", ADMIN_NAME))

        def copies_of(name: str) -> int:
            found = iter(partial(channel.basic_get, queue, True), (None, None, None))
            return sum(name.encode() in (body or b"") for _, _, body in found)

        yield copies_of


def rotating(scene: Scene) -> None:
    """The admin gets no answer and no key, and rotates again. One key is active, and it works."""
    old = scene.tenant
    body = {"consumer_id": old.consumer_id, "rotate": True}
    request = scene.admin("POST", "/consumer/api-key", body)
    scene.make(creation(old))
    scene.kill(request)
    _one_active_key(scene, old)
    key = scene.send(request, 201).data["api_key"]
    _one_active_key(scene, old)
    scene.tenant = replace(old, key=key)
    scene.expect(scene.send(creation(old).request).status == 401, "the old key still works")
    scene.make(creation(scene.tenant))
    scene.come_to_rest()


def _one_active_key(scene: Scene, tenant: Tenant) -> None:
    (row,) = scene.cell.query("active_keys", consumer_id=tenant.consumer_id)
    scene.expect(row["count"] == 1, f"{row['count']} keys are active")


def _published(scene: Scene, name: str) -> bool:
    rows = scene.cell.query("consumer_created", name=name)
    scene.expect(len(rows) == 1, f"{len(rows)} events tell of the new consumer")
    if rows[0]["publish_status"] == "pending":
        scene.cell.run(ScheduledRun("resend"))
    return bool(rows[0]["publish_status"] == "published")


def _tenant(scene: Scene, name: str) -> Tenant:
    (row,) = scene.cell.query("consumer", name=name)
    body = {"consumer_id": row["consumer_id"]}
    key = scene.send(scene.admin("POST", "/consumer/api-key", body), 201).data["api_key"]
    return in_folder(client.Tenant(name, row["consumer_id"], key), scene.cell.folder)


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
