"""A bank that is called names the person in every answer; after the erasure nothing holds the name."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.banking import wiring
from chalicelib.banking.archive.archiving import Archiving
from chalicelib.banking.archive.forgetting import forget_erased
from chalicelib.banking.wiring import Parts
from tests.integration.banking.privacy.people import NAME, known_customer, where
from tests.integration.banking.privacy.test_erasing_customers import erase
from tests.support.api import Api
from tests.support.banking import Bank, together
from tests.support.fixtures import Query
from tests.support.receiver import Got, Receiver, receiving
from tests.support.webhooks import Called, called

WORDS = f"{NAME}, or Mrs OTTILIE Q., has a loan"
SETTLED_LONG_AGO = (
    "UPDATE customer_events SET published_at = published_at - interval '40 days',"
    " delivered_at = delivered_at - interval '40 days' WHERE customer_id = %(id)s"
)
CONFIRMED_LONG_AGO = (
    "UPDATE consumer_event_receipts SET updated_at = updated_at - interval '40 days'"
    " WHERE customer_id = %(id)s"
)
PURGED = (
    "DELETE FROM event_attempts USING customer_events e WHERE e.event_id = event_attempts.event_id"
    " AND e.customer_id = %(id)s AND e.sequence = 3"
)
STATES = (
    "SELECT coalesce(publish_failure_reason, deliver_failure_reason) AS said FROM customer_events"
    " WHERE customer_id = %(id)s ORDER BY sequence"
)


class Gossip:
    """Names the person in every answer; says of each event, by its sequence, what it is told to."""

    def __init__(self, receiver: Receiver) -> None:
        self.statuses: dict[int, int] = {}
        self.outcomes: dict[int, str] = {}
        receiver.answer = lambda got: self.statuses.get(_sequence(got), 200)
        receiver.words = self._words

    def _words(self, got: Got) -> bytes:
        outcome = self.outcomes.get(_sequence(got))
        said = {"status": outcome, "failure_reason": WORDS}
        return json.dumps(said if outcome else {"detail": WORDS}).encode()


def _sequence(got: Got) -> int:
    return int(got.json["metadata"]["sequence"])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def environment(environment: dict[str, str], receiver: Receiver) -> dict[str, str]:
    return {
        **environment,
        "STAGE": "local",
        "WEBHOOK_ALLOW_HOSTS": receiver.allowed,
        "WEBHOOK_RETRY_SECONDS": "0,0",
        "PUBLISH_MAX_TRIES": "2",
    }


@pytest.fixture
def webhook(parts: Parts, admin: Api, bank: Bank, receiver: Receiver) -> Iterator[Called]:
    yield called(admin, bank, receiver)
    parts.webhooks().close()


def deliver(query: Query) -> dict[str, int]:
    """Call the banks with what waits, also where it would wait for a time."""
    query("UPDATE webhooks SET open_until = now()")
    query("UPDATE webhook_copies SET due_at = now()")
    return wiring.parts().webhooks().run().rows


def in_archives(query: Query, parts: Parts) -> list[str]:
    """The files of all archives that hold the name, whatever became of them."""
    store = parts.object_store.require()
    keys = [str(row["object_key"]) for row in query("SELECT object_key FROM archives")]
    assert keys
    found = {key: store.get(key) for key in keys}
    return [key for key, body in found.items() if body and b"ttilie" in gzip.decompress(body)]


def test_banks_words_are_forgotten(
    webhook: Called, parts: Parts, admin: Api, query: Query, database_url: str
) -> None:
    bank, gossip = webhook.bank, Gossip(webhook.receiver)
    customer_id = known_customer(bank)
    gossip.outcomes = {1: "processed", 2: "failed"}
    gossip.statuses = {3: 422}
    assert deliver(query) == {"delivered": 2, "refused": 2}
    _archive_the_first(parts, query, customer_id)
    gossip.statuses[4] = 429
    _change(bank, customer_id, "INACTIVE")
    assert deliver(query) == {"overload": 1}
    assert len(in_archives(query, parts)) == 1
    told = {
        "consumer_event_receipts.processing_failure_reason",
        "customer_events.deliver_failure_reason",
        "customer_events.publish_failure_reason",
        "event_attempts.words",
        "webhooks.reason",
    }
    assert told <= set(where(database_url))
    query(PURGED, id=customer_id)

    reply = erase(bank, customer_id)

    assert reply.data["finished_at"], reply
    assert where(database_url) == []
    assert deliver(query) == {"overload": 1}
    assert where(database_url) == []
    shown = admin.get("/consumer/delivery", consumer_id=bank.consumer_id).data
    assert (shown["state"], shown["reason"]) == ("waiting", "HTTP 429")

    gossip.statuses = {4: 422}  # the deletion is taken, and nothing said of it
    assert deliver(query).keys() == {"delivered", "refused"}
    gossip.statuses = {5: 422}  # its copy is refused to the last try
    while query("SELECT FROM webhook_copies"):
        assert deliver(query).keys() == {"refused"}
    states = query(STATES, id=customer_id)
    assert [row["said"] for row in states] == ["erased"] * 4
    assert where(database_url) == []

    assert forget_erased(parts.sweep_database, parts.object_store.require(), float("inf")) == 1
    assert in_archives(query, parts) == []
    assert where(database_url) == []


def test_confirmation_by_answer_is_kept_without(
    webhook: Called, query: Query, database_url: str
) -> None:
    """The deletion itself is told to the bank after the erasure, and fails with the name."""
    customer_id = webhook.bank.create_customer(NAME)
    erase(webhook.bank, customer_id)
    gossip = Gossip(webhook.receiver)
    gossip.outcomes = {1: "failed", 2: "failed"}

    assert deliver(query) == {"delivered": 2}

    reasons = query("SELECT deliver_failure_reason AS said FROM customer_events"
                    " WHERE customer_id = %(id)s", id=customer_id)  # fmt: skip
    assert [row["said"] for row in reasons] == ["erased", "erased"]
    assert where(database_url) == []


def test_answer_that_crosses_the_erasure(webhook: Called, query: Query, database_url: str) -> None:
    """The bank was called with the name, and answers when the person is erased."""
    customer_id = webhook.bank.create_customer(NAME)
    Gossip(webhook.receiver)

    def crossing(_got: Got) -> int:
        webhook.receiver.answer = lambda _got: 422
        (reply,) = together([lambda: erase(webhook.bank, customer_id)])
        return 422 if reply.status == 200 else 500

    webhook.receiver.answer = crossing

    assert deliver(query)["refused"] >= 1
    assert where(database_url) == []


def _archive_the_first(parts: Parts, query: Query, customer_id: str) -> None:
    query(SETTLED_LONG_AGO, id=customer_id)
    query(CONFIRMED_LONG_AGO, id=customer_id)
    archiving = Archiving(parts.sweep_database, parts.object_store.require(), after_days=30)
    assert archiving.run(30, datetime.now(UTC) + timedelta(days=31)).events == 1


def _change(bank: Bank, customer_id: str, status: str) -> None:
    changed = bank.api.patch("/customer/change-status", customer_id=customer_id, status=status)
    assert changed.status == 200, changed
