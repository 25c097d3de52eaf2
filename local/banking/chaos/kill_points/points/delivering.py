"""Dies on the consumer's side: in its program, and in the request of a confirmation."""

from __future__ import annotations

from local.banking.chaos.kill_points.changes import creation, status_change
from local.banking.chaos.kill_points.tasks import Consumption, Request
from local.banking.chaos.kill_points.trial import Trial
from local.chaos.boundaries import Method, Statement, after, before
from local.chaos.kill_points import KillPoint

CONFIRM = Statement("functions/banking/events/confirm_delivery.sql", "confirm")
INBOX = "local.banking.consumer.inbox:Inbox"
ACK = Method("pika.adapters.blocking_connection:BlockingChannel.basic_ack")
CUSTOMERS = 3


def consuming(trial: Trial) -> None:
    """The bank's program dies at its third message and is started again."""
    for _ in range(CUSTOMERS):
        customer_id = trial.make(creation(trial.tenant)).data["customer_id"]
        trial.make(status_change(trial.tenant, customer_id))
    consumption = Consumption(trial.tenant)
    trial.kill(consumption, consumption.settings)
    trial.come_to_rest()


def confirming(trial: Trial) -> None:
    """The confirming request dies. The consumer gets no answer, so it reads and confirms again."""
    trial.make(creation(trial.tenant))
    (event,) = trial.events()
    body = {"event_id": event.event_id, "status": "processed"}
    trial.kill(Request("POST", "/events/confirm-delivery", trial.tenant.key, body))
    whole_or_nothing(trial, event.event_id)
    trial.come_to_rest()


def whole_or_nothing(trial: Trial, event_id: str) -> None:
    """A receipt and its event agree, whatever happened to the process that wrote them."""
    (event,) = [each for each in trial.events() if each.event_id == event_id]
    same = (event.deliver_status == "delivered") == (event.receipt == "processed")
    trial.expect(same, f"the event is {event.deliver_status}, its receipt {event.receipt}")


_THIRD = 3
POINTS = (
    KillPoint(
        "consumer: after its work, before its own commit",
        after(Method(f"{INBOX}._advance"), _THIRD),
        consuming,
    ),
    KillPoint(
        "consumer: after its own commit, before the confirmation",
        before(Method("local.banking.consumer.confirmations:ConfirmationClient.confirm"), _THIRD),
        consuming,
    ),
    KillPoint(
        "consumer: after the confirmation, before it is noted",
        after(Method("local.banking.consumer.confirmations:ConfirmationClient.confirm"), _THIRD),
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
