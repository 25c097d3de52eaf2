"""A bank that answers and confirms by API at once: neither waits for the other in a circle."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest

from chalicelib.banking import wiring
from chalicelib.banking.webhooks.book import SQL
from fintegrate.database import Database, Parameters, Row
from local.banking.client import Reply
from tests.support.fixtures import Query
from tests.support.receiver import Got
from tests.support.waiting import eventually
from tests.support.webhooks import Called

WAITS_FOR_A_LOCK = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0
"""
PROCESSED = b'{"status": "processed"}'


class Interrupted(Database):
    """Runs `meanwhile` before one of the statements."""

    def __init__(self, url: str, statement: str, meanwhile: Callable[[], None]) -> None:
        super().__init__(url)
        self._before = SQL[statement]
        self._meanwhile = meanwhile

    def execute(self, sql: str, parameters: Parameters) -> int:
        if sql == self._before:
            self._meanwhile()
        return super().execute(sql, parameters)

    def fetch_all(self, sql: str, parameters: Parameters, *, revive: bool = False) -> list[Row]:
        if sql == self._before:
            self._meanwhile()
        return super().fetch_all(sql, parameters, revive=revive)


def is_answered(got: Got) -> int:
    return 200


def is_refused(got: Got) -> int:
    return 422


def call_and_confirm(webhook: Called) -> str:
    """Call for an event that the bank confirms by API before its answer is written; the event's id."""
    calls, sender = wiring.parts().webhooks().book, wiring.parts().webhooks().sender
    (lane,) = calls.due()
    (batch,) = calls.claim(lane, 1)
    sent = sender.send(batch)
    event_id = str(batch.rows[0]["event_id"])
    said = webhook.bank.api.post("/events/confirm-delivery", event_id=event_id, status="processed")
    assert said.status == 200, said
    calls.write_back([sent])
    return event_id


@pytest.mark.parametrize("said", ["received", "processed"])
@pytest.mark.parametrize(
    ("answer", "is_copy", "statement"),
    [
        (is_answered, False, "confirm"),
        (is_answered, False, "end_turns"),
        (is_answered, False, "plan_copies"),
        (is_answered, False, "note_lanes"),
        (is_answered, True, "mark_sent_again"),
        (is_answered, True, "plan_copies"),
        (is_refused, False, "mark_untaken"),
        (is_refused, False, "note_lanes"),
        (is_refused, True, "confirm_failed"),
        (is_refused, True, "mark_sent_again"),
        (is_refused, True, "end_copies"),
    ],
)
def test_confirmation_waits_in_no_circle(
    webhook: Called,
    query: Query,
    environment: dict[str, str],
    answer: Callable[[Got], int],
    is_copy: bool,
    statement: str,
    said: str,
) -> None:
    webhook.bank.create_customer()
    calls, sender = wiring.parts().webhooks().book, wiring.parts().webhooks().sender
    if is_copy:
        wiring.parts().webhooks().run()
        query("UPDATE webhook_copies SET due_at = now(), tries = 9")
        query("DELETE FROM consumer_event_receipts")
        query("UPDATE customer_events SET deliver_status = 'pending', delivered_at = NULL")
    (lane,) = calls.due()
    (batch,) = calls.claim(lane, 1)
    webhook.receiver.answer = answer
    sent = sender.send(batch)
    event_id = batch.rows[0]["event_id"]

    with ThreadPoolExecutor(1) as pool:
        confirming: list[Future[Reply]] = []

        def confirm() -> Reply:
            try:
                return webhook.bank.api.post(
                    "/events/confirm-delivery", event_id=event_id, status=said
                )
            finally:
                wiring.parts().request.database.close()

        def meanwhile() -> None:
            confirming.append(pool.submit(confirm))
            eventually(lambda: confirming[0].done() or query(WAITS_FOR_A_LOCK))

        interrupted = Interrupted(environment["DATABASE_URL"], statement, meanwhile)
        replace(calls, database=interrupted).write_back([sent])
        interrupted.close()
        (confirmed,) = (each.result() for each in confirming)

    assert confirmed.status == 200, confirmed
    (event,) = query(
        "SELECT publish_status, deliver_status FROM customer_events WHERE event_id = %(id)s",
        id=event_id,
    )
    assert event["publish_status"] == "published"
    assert event["deliver_status"] != "pending"


@pytest.mark.parametrize("words", [b"", PROCESSED])
def test_confirmed_copy_is_confirmed(webhook: Called, query: Query, words: bytes) -> None:
    """A copy that the bank confirms by API during the call is not one that it owes a word about."""
    webhook.bank.create_customer()
    wiring.parts().webhooks().run()
    query("UPDATE webhook_copies SET due_at = now()")
    webhook.receiver.words = lambda _got: words

    event_id = call_and_confirm(webhook)

    (event,) = query(
        "SELECT e.deliver_last_tried_at <= r.updated_at AS confirmed, e.deliver_try_count"
        " FROM customer_events e JOIN consumer_event_receipts r USING (event_id)"
        " WHERE e.event_id = %(id)s",
        id=event_id,
    )
    assert event == {"confirmed": True, "deliver_try_count": 1}


def test_event_confirmed_meanwhile_was_tried(webhook: Called, query: Query) -> None:
    """A bank that confirms by API before it answers has the event of this try, not of none."""
    webhook.bank.create_customer()

    event_id = call_and_confirm(webhook)

    (event,) = query(
        "SELECT publish_status, publish_last_tried_at IS NOT NULL AS is_tried, deliver_status"
        " FROM customer_events WHERE event_id = %(id)s",
        id=event_id,
    )
    assert event == {"publish_status": "published", "is_tried": True, "deliver_status": "delivered"}
