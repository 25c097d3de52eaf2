"""From a customer's change to a bank's server: in order, signed, with the message of the queue."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook

from chalicelib.banking.events.message import compose
from tests.integration.banking.webhooks.conftest import deliver
from tests.support.fixtures import Query
from tests.support.outbox import statuses
from tests.support.schedules import run_schedule
from tests.support.webhooks import Called


def test_schedule_calls_the_bank_in_order(webhook: Called, query: Query) -> None:
    customer = webhook.bank.create_customer()
    changed = webhook.bank.api.patch(
        "/customer/change-status", customer_id=customer, status="INACTIVE"
    )
    assert changed.status == 200, changed
    assert statuses(query, webhook.bank.consumer_id) == {"pending": 2}

    summary = run_schedule("deliver_webhooks")

    assert (summary["delivered"], summary["requests"]) == (2, 2)
    assert webhook.sequences() == {customer: [1, 2]}
    assert statuses(query, webhook.bank.consumer_id) == {"published": 2}
    assert statuses(query, webhook.bank.consumer_id, "deliver_status") == {"delivered": 2}


@pytest.mark.parametrize("message_format", ["json", "xml"])
def test_call_is_the_queues_message_signed(
    webhook: Called, query: Query, message_format: str
) -> None:
    query("UPDATE consumers SET message_format = %(to)s", to=message_format)
    webhook.bank.create_customer()
    (row,) = query(
        "SELECT e.*, c.name AS consumer_name, c.message_format, 1 AS epoch FROM customer_events e"
        " JOIN consumers c USING (consumer_id) WHERE consumer_id = %(id)s",
        id=webhook.bank.consumer_id,
    )

    assert deliver() == {"delivered": 1}

    (got,) = webhook.receiver.got
    sent_at = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), UTC)
    # Its `verify` would read the body as JSON.
    signature = Webhook(webhook.secret).sign(row["event_id"], sent_at, got.body.decode())
    assert got.headers["webhook-signature"] == signature
    assert got.headers["webhook-id"] == row["event_id"]
    assert got.headers["Content-Type"] == f"application/{message_format}"
    assert got.body == compose(row).body
