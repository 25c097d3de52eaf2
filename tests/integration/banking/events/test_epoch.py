"""Every message bears the epoch of its sending, not that of its event's birth."""

from __future__ import annotations

from tests.support.banking import Bank
from tests.support.broker import drain
from tests.support.fixtures import Query
from tests.support.outbox import write_pending

RAISE = "UPDATE recovery SET epoch = epoch + 1"


def test_message_bears_epoch_of_sending(bank: Bank, query: Query, rabbitmq_url: str) -> None:
    customer_id = bank.create_customer()
    write_pending(query, bank.consumer_id)

    query(RAISE)
    bank.api.patch("/customer/change-status", customer_id=customer_id, status="INACTIVE")
    bank.api.post("/events/resend", period_in_days=1)
    query(RAISE)
    bank.api.delete("/customer/data", customer_id=customer_id)

    epochs = [delivery.body["metadata"]["epoch"] for delivery in drain(rabbitmq_url, bank.name)]
    assert epochs == [1, 2, 2, 3]
    stored = query("SELECT DISTINCT metadata_json ? 'epoch' AS kept FROM customer_events")
    assert stored == [{"kept": False}]
