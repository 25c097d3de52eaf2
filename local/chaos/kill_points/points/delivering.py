"""Dying on the consumer's side of the queue: in its own program, and in a confirmation's request."""

from __future__ import annotations

from local.chaos.kill_points.boundaries import Method, Statement, after, before
from local.chaos.kill_points.point import KillPoint
from local.chaos.kill_points.scene import Scene

CONFIRM = Statement("functions/events/receipts.sql", "confirm")
INBOX = "local.consumer.inbox:Inbox"
ACK = Method("pika.adapters.blocking_connection:BlockingChannel.basic_ack")
CUSTOMERS = 3


def consuming(scene: Scene) -> None:
    """The bank's program dies at the third of its messages; it is started again."""
    for _ in range(CUSTOMERS):
        created = scene.call("POST", "/customer/data", {"name": "Jane Roe"}, 201)
        change = {"customer_id": created["customer_id"], "status": "INACTIVE"}
        scene.call("PATCH", "/customer/change-status", change)
    scene.kill(scene.consumption, scene.bank.settings)
    scene.come_to_rest()


def confirming(scene: Scene) -> None:
    """The request that confirms dies; the consumer, who got no answer, reads and confirms again."""
    scene.call("POST", "/customer/data", {"name": "Jane Roe"}, 201)
    (event,) = scene.events()
    body = {"event_id": event["event_id"], "status": "processed"}
    scene.kill(scene.request("POST", "/events/confirm-delivery", body))
    scene.whole_or_nothing(event["event_id"])
    scene.come_to_rest()


_THIRD = 3
POINTS = (
    KillPoint(
        "consumer: after its work, before its own commit",
        after(Method(f"{INBOX}._advance"), _THIRD),
        consuming,
    ),
    KillPoint(
        "consumer: after its own commit, before the confirmation",
        before(Method("local.consumer.confirmations:ConfirmationClient.confirm"), _THIRD),
        consuming,
    ),
    KillPoint(
        "consumer: after the confirmation, before it is noted",
        after(Method("local.consumer.confirmations:ConfirmationClient.confirm"), _THIRD),
        consuming,
    ),
    KillPoint(
        "consumer: after the confirmation, before the acknowledgement",
        before(ACK, _THIRD),
        consuming,
    ),
    KillPoint("consumer: after the acknowledgement", after(ACK, _THIRD), consuming),
    KillPoint("confirm-delivery: before the commit", before(CONFIRM), confirming),
    KillPoint("confirm-delivery: after the commit, before the answer", after(CONFIRM), confirming),
)
