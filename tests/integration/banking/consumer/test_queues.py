"""What a new consumer has in the broker, and the event that tells the admin of it."""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest

from chalicelib.banking import wiring
from chalicelib.banking.events.topology import dead_letter_queue_name, queue_name, queues
from chalicelib.banking.tenants import ADMIN_ID
from chalicelib.banking.wiring import Parts
from tests.support.api import Api
from tests.support.banking import Bank, parts_with
from tests.support.broker import channel, delete_queues, take
from tests.support.fixtures import Query
from tests.support.waiting import eventually

TELLS_THE_ADMIN = "customer.consumer_created.system_default"


class Management:
    """RabbitMQ's own account of what is declared."""

    def __init__(self, environment: dict[str, str]) -> None:
        vhost = urlsplit(environment["RABBITMQ_URL"]).path[1:] or quote("/", safe="")
        self._url = environment["RABBITMQ_MANAGEMENT_URL"]
        self._vhost = vhost

    def queue(self, name: str) -> dict[str, Any]:
        """A queue, once the statistics know it."""
        return eventually(lambda: self._get(f"queues/{self._vhost}/{name}"), f"queue {name}")

    def bindings(self, queue: str) -> set[str]:
        """The keys that customer_events routes to a queue."""
        found = self._get(f"bindings/{self._vhost}/e/customer_events/q/{queue}")
        return {binding["routing_key"] for binding in found}

    def exchange(self) -> dict[str, Any]:
        """The exchange of the events."""
        found: dict[str, Any] = self._get(f"exchanges/{self._vhost}/customer_events")
        return found

    def _get(self, path: str) -> Any:
        answer = httpx.get(f"{self._url}/api/{path}")
        return answer.json() if answer.status_code == 200 else None


@pytest.fixture
def management(environment: dict[str, str]) -> Management:
    return Management(environment)


@pytest.fixture
def admins_copy(admin: Api, rabbitmq_url: str) -> Iterator[str]:
    """A queue of the test's own that gets what the admin's queue gets of new consumers.

    The admin's queue is shared by everything that runs on this broker.
    """
    name = f"test_{uuid.uuid4().hex}"
    with channel(rabbitmq_url) as ch:
        ch.exchange_declare("customer_events", "topic", durable=True)
        ch.queue_declare(name)
        ch.queue_bind(name, "customer_events", TELLS_THE_ADMIN)
        yield name
        ch.queue_delete(name)


def test_queue_has_the_contracts_arguments(bank: Bank, management: Management) -> None:
    queue = management.queue(f"customer_notification_{bank.name}")

    assert (queue["durable"], queue["type"]) == (True, "quorum")
    assert queue["arguments"] == {
        "x-queue-type": "quorum",
        "x-single-active-consumer": True,
        "x-message-ttl": 86400000,
        "x-max-length": 100000,
        "x-overflow": "reject-publish",
        "x-delivery-limit": 20,
        "x-dead-letter-exchange": "customer_events",
        "x-dead-letter-routing-key": f"customer.dlq.{bank.name}",
        "x-dead-letter-strategy": "at-least-once",
    }


def test_queue_is_bound_per_event_type(bank: Bank, management: Management) -> None:
    assert management.bindings(f"customer_notification_{bank.name}") == {
        f"customer.creation.{bank.name}",
        f"customer.deletion.{bank.name}",
        f"customer.status_change.{bank.name}",
    }


def test_message_that_comes_back_too_often_dies(bank: Bank, rabbitmq_url: str) -> None:
    bank.create_customer()
    deliveries = 0
    with channel(rabbitmq_url) as ch:
        letters = partial(ch.queue_declare, dead_letter_queue_name(bank.name), passive=True)
        coming = ch.consume(queue_name(bank.name), inactivity_timeout=0.1)

        def is_dead() -> bool:
            nonlocal deliveries
            method, _, _ = next(coming)
            if method is not None:
                deliveries += 1
                ch.basic_nack(method.delivery_tag, requeue=True)
            return method is None and letters().method.message_count == 1

        eventually(is_dead, "the message is dead")
        ch.cancel()

    assert deliveries == 21


def test_queue_with_older_arguments_still_gets_events(
    bank: Bank, rabbitmq_url: str, management: Management
) -> None:
    """A queue from before the delivery limit refuses the declaration, and has lost its bindings."""
    queue = queues([bank.name])[1]
    older = {**queue.arguments}
    del older["x-delivery-limit"]
    with channel(rabbitmq_url) as ch:
        ch.queue_delete(queue.name)
        ch.queue_declare(queue.name, durable=True, arguments=older)

    bank.create_customer()

    (event,) = bank.api.get("/events/list").data["events"]
    assert (event["publish_status"], event["publish_failure_reason"]) == ("published", None)
    assert management.queue(queue.name)["arguments"] == older
    take(rabbitmq_url, bank.name, 1)


def test_dead_letter_queue_takes_nothing_else(bank: Bank, management: Management) -> None:
    name = f"customer_notification_{bank.name}_DLQ"

    assert management.queue(name)["durable"] is True
    assert management.bindings(name) == {f"customer.dlq.{bank.name}"}


def test_exchange_is_a_durable_topic(bank: Bank, management: Management) -> None:
    assert bank
    exchange = management.exchange()

    assert (exchange["type"], exchange["durable"]) == ("topic", True)


def test_admin_gets_new_consumers_event(
    admins_copy: str, bank: Bank, rabbitmq_url: str, query: Query
) -> None:
    told = [message for message in _take_all(rabbitmq_url, admins_copy) if _is_about(message, bank)]

    (row,) = query("SELECT * FROM customer_events WHERE customer_id = %(id)s", id=bank.consumer_id)
    assert (row["event_type"], row["consumer_id"]) == ("consumer_created", ADMIN_ID)
    assert row["publish_status"] == "published"
    assert [message["body"] for message in told] == [
        {
            "schema_version": "1.0",
            "event_id": row["event_id"],
            "event_type": "consumer_created",
            "data": {"consumer_id": bank.consumer_id, "consumer_name": bank.name},
            "metadata": {
                "created_at": told[0]["body"]["metadata"]["created_at"],
                "sequence": 1,
                "source_service": "POST: /consumer/data",
                "epoch": 1,
            },
        }
    ]
    assert told[0]["properties"].headers["customer_id"] == bank.consumer_id


def test_consumer_is_created_without_the_broker(
    admin: Api, environment: dict[str, str], query: Query
) -> None:
    """The event waits for the resend; the queues are declared with the first publish."""
    with parts_with(environment, RABBITMQ_URL="amqp://guest:guest@127.0.0.1:1/%2F"):
        reply = admin.post("/consumer/data", consumer_name=f"bank_{uuid.uuid4().hex[:12]}")

    assert reply.status == 201
    (row,) = query(
        "SELECT publish_status, publish_failure_reason FROM customer_events WHERE customer_id = %(id)s",
        id=reply.data["consumer_id"],
    )
    assert row["publish_status"] == "pending"
    assert str(row["publish_failure_reason"]).startswith("broker away: ")


def test_silent_broker_leaves_the_answer_a_success(
    admin: Api, environment: dict[str, str], query: Query
) -> None:
    """A broker that takes the connection and says nothing: pika's error is no AMQPError."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = f"amqp://guest:guest@127.0.0.1:{port}/%2F"
        with parts_with(environment, RABBITMQ_URL=url, PUBLISH_TIMEOUT_MS="200"):
            reply = admin.post("/consumer/data", consumer_name=f"bank_{uuid.uuid4().hex[:12]}")

    assert reply.status == 201
    (row,) = query(
        "SELECT publish_status FROM customer_events WHERE customer_id = %(id)s",
        id=reply.data["consumer_id"],
    )
    assert row["publish_status"] == "pending"


def test_queues_are_declared_after_the_commit(admin: Api, parts: Parts, query: Query) -> None:
    name = f"bank_{uuid.uuid4().hex[:12]}"
    seen: list[object] = []

    def declare(_rows: object) -> None:
        seen.extend(query("SELECT name FROM consumers WHERE name = %(name)s", name=name))

    watched = parts._replace(declare_queues=declare)
    wiring.use(watched)
    admin.post("/consumer/data", consumer_name=name)
    wiring.use(parts)

    assert seen == [{"name": name}]


def test_next_event_restores_lost_queues(
    bank: Bank, rabbitmq_url: str, management: Management
) -> None:
    delete_queues(rabbitmq_url, bank.name)

    bank.create_customer()

    assert management.queue(f"customer_notification_{bank.name}")["type"] == "quorum"


def _take_all(url: str, queue: str) -> list[dict[str, Any]]:
    taken = []
    with channel(url) as ch:
        while True:
            method, properties, body = ch.basic_get(queue, auto_ack=True)
            if method is None:
                return taken
            taken.append({"body": json.loads(body), "properties": properties})


def _is_about(message: dict[str, Any], bank: Bank) -> bool:
    return bool(message["body"]["data"]["consumer_id"] == bank.consumer_id)
