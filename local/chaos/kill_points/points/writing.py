"""Dying in a request that writes an event: create, change, delete, and the idempotent create."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from local.chaos.kill_points.boundaries import (
    COMMIT,
    Boundary,
    Method,
    Statement,
    after,
    before,
)
from local.chaos.kill_points.point import KillPoint
from local.chaos.kill_points.scene import Scene
from local.chaos.kill_points.tasks import Request

CUSTOMERS = "functions/customer/customers.sql"
MARK = Statement("functions/events/outbox.sql", "mark_published")
# The bytes leave when pika's transport has emptied its buffer, after the publish has filled it.
SENT = after(
    Method("pika.adapters.utils.io_services_utils:_AsyncTransportBase._produce"),
    since=Method("pika.channel:Channel.basic_publish"),
)


@dataclass(frozen=True)
class Write:
    """A request that writes one event; `committed` is what must be found of it afterwards."""

    kind: str
    committed: bool

    def __call__(self, scene: Scene) -> None:
        """Die in it; afterwards all of it is there, or nothing."""
        request = self.request(scene)
        held = len(scene.events())
        scene.kill(request)
        scene.come_to_rest()
        scene.expect(
            len(scene.events()) == held + self.committed,
            f"{len(scene.events()) - held} events were written, not {int(self.committed)}",
        )

    def request(self, scene: Scene) -> Request:
        """The request to die in, on a customer of its own."""
        if self.kind == "create":
            return scene.request("POST", "/customer/data", {"name": "Jane Roe"})
        created = scene.call("POST", "/customer/data", {"name": "Jane Roe"}, 201)
        subject = {"customer_id": created["customer_id"]}
        if self.kind == "delete":
            return scene.request("DELETE", "/customer/data", subject)
        change = {**subject, "status": "INACTIVE"}
        return scene.request("PATCH", "/customer/change-status", change)


def idempotent(scene: Scene, *, replayed: bool) -> None:
    """Die in a create with a key; the same request again gets its one answer."""
    key = str(uuid.uuid4())
    request = scene.request("POST", "/customer/data", {"name": "Jane Roe"}, Idempotency_Key=key)
    scene.kill(request)
    replies = [scene.send(request) for _ in range(2)]
    told = [reply.headers.get("Idempotency-Replayed") == "true" for reply in replies]
    scene.expect([reply.status for reply in replies] == [201, 201], f"answered {replies}")
    scene.expect(told == [replayed, True], f"replayed: {told}")
    scene.expect(replies[0].data == replies[1].data, "two answers to one key")
    scene.come_to_rest()
    events = scene.events()
    scene.expect(
        [event["customer_id"] for event in events] == [replies[0].data["customer_id"]],
        f"one key wrote {len(events)} events",
    )


def _points(kind: str, begin: Boundary, committed: Boundary) -> list[KillPoint]:
    nothing, all_of_it = Write(kind, committed=False), Write(kind, committed=True)
    return [
        KillPoint(f"{kind}: before the commit", begin, nothing),
        KillPoint(f"{kind}: after the commit, before the publish", committed, all_of_it),
        KillPoint(f"{kind}: the publish has left, before its confirm", SENT, all_of_it, 1),
        KillPoint(f"{kind}: after the confirm, before the mark", before(MARK), all_of_it, 1),
        KillPoint(f"{kind}: after the mark, before the answer", after(MARK), all_of_it),
    ]


def _in_one_statement(kind: str, name: str) -> list[KillPoint]:
    statement = Statement(CUSTOMERS, name)  # it commits by itself
    return _points(kind, before(statement), after(statement))


def _replayed(scene: Scene) -> None:
    idempotent(scene, replayed=True)


def _run_again(scene: Scene) -> None:
    idempotent(scene, replayed=False)


POINTS = (
    *_in_one_statement("create", "create_customer"),
    *_in_one_statement("change of status", "change_status"),
    *_points("delete", before(COMMIT), after(COMMIT)),
    KillPoint("idempotent create: before the commit", before(COMMIT), _run_again),
    KillPoint("idempotent create: after the commit, before the publish", after(COMMIT), _replayed),
    KillPoint("idempotent create: after the confirm, before the mark", before(MARK), _replayed, 1),
    KillPoint("idempotent create: after the mark, before the answer", after(MARK), _replayed),
)
