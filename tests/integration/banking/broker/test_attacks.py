"""What a bank tries with its own user and a plain AMQP client: the broker refuses all of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import httpx
import pika
import pika.exceptions
import pytest
from pika.adapters.blocking_connection import BlockingChannel

from chalicelib.banking.events.topology import EXCHANGE
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.broker import delete_queues, drain, login_refusal

Attack = Callable[[BlockingChannel, str], object]


def publish(exchange: str, routing_key: str) -> Attack:
    """Publish with a confirm, so that the refusal comes at once."""

    def attack(channel: BlockingChannel, bank: str) -> object:
        channel.confirm_delivery()
        return channel.basic_publish(exchange, routing_key.format(bank), b"{}")

    return attack


ATTACKS: dict[str, Attack] = {
    "forge an event": publish(EXCHANGE, "customer.creation.{}"),
    "forge a dead letter": publish(EXCHANGE, "customer.dlq.{}"),
    "send to its own queue": publish("", "customer_notification_{}"),
    "nudge the administration": publish("", "broker_admin"),
    "publish to a built-in exchange": publish("amq.topic", "x"),
    "read its dead letters": lambda ch, bank: ch.basic_consume(
        f"customer_notification_{bank}_DLQ", lambda *_: None
    ),
    "take from its dead letters": lambda ch, bank: ch.basic_get(
        f"customer_notification_{bank}_DLQ"
    ),
    "purge its dead letters": lambda ch, bank: ch.queue_purge(f"customer_notification_{bank}_DLQ"),
    "read the nudges": lambda ch, _bank: ch.basic_consume("broker_admin", lambda *_: None),
    "read the admin's queue": lambda ch, _bank: ch.basic_consume(
        "customer_notification_system_default", lambda *_: None
    ),
    "declare a queue": lambda ch, _bank: ch.queue_declare("tap"),
    "declare a queue of the broker's naming": lambda ch, _bank: ch.queue_declare(""),
    "declare an exchange": lambda ch, _bank: ch.exchange_declare("tap", "topic"),
    "bind its queue to all": lambda ch, bank: ch.queue_bind(
        f"customer_notification_{bank}", EXCHANGE, "#"
    ),
    "unbind its queue": lambda ch, bank: ch.queue_unbind(
        f"customer_notification_{bank}", EXCHANGE, f"customer.creation.{bank}"
    ),
    "bind an exchange to all": lambda ch, _bank: ch.exchange_bind("amq.fanout", EXCHANGE, "#"),
    "delete its queue": lambda ch, bank: ch.queue_delete(f"customer_notification_{bank}"),
    "delete the exchange": lambda ch, _bank: ch.exchange_delete(EXCHANGE),
}


def refused() -> pytest.RaisesExc[pika.exceptions.ChannelClosedByBroker]:
    """The broker closes the channel with its refusal."""
    return pytest.raises(pika.exceptions.ChannelClosedByBroker, match="ACCESS_REFUSED")


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_is_refused(access: pika.URLParameters, bank: Bank, name: str) -> None:
    with pika.BlockingConnection(access) as connection, refused():
        ATTACKS[name](connection.channel(), bank.name)


def test_own_queue_is_read(access: pika.URLParameters, bank: Bank) -> None:
    bank.create_customer()

    with pika.BlockingConnection(access) as connection:
        channel = connection.channel()
        queue = f"customer_notification_{bank.name}"
        channel.queue_declare(queue, passive=True)
        method, _, _ = next(iter(channel.consume(queue, inactivity_timeout=60)))
        assert method is not None
        channel.basic_ack(method.delivery_tag or 0)
        channel.cancel()


def test_other_banks_queue_is_refused(
    access: pika.URLParameters, make_bank: Callable[[], Bank], rabbitmq_url: str
) -> None:
    other = make_bank()
    other.create_customer()

    with pika.BlockingConnection(access) as connection:
        for attack in (
            lambda ch, queue: ch.basic_consume(queue, lambda *_: None),
            lambda ch, queue: ch.basic_get(queue),
            lambda ch, queue: ch.queue_purge(queue),
        ):
            with refused():
                attack(connection.channel(), f"customer_notification_{other.name}")

    assert len(drain(rabbitmq_url, other.name)) == 1


def test_longer_name_is_another_bank(
    access: pika.URLParameters, admin: Api, bank: Bank, rabbitmq_url: str
) -> None:
    longer = f"{bank.name}_corp"
    assert admin.post("/consumer/data", consumer_name=longer).status == 201
    try:
        with pika.BlockingConnection(access) as connection, refused():
            connection.channel().basic_consume(f"customer_notification_{longer}", lambda *_: None)
    finally:
        delete_queues(rabbitmq_url, longer)


def test_connections_and_channels_are_bounded(access: pika.URLParameters) -> None:
    with ExitStack() as stack:
        first, *_ = [stack.enter_context(pika.BlockingConnection(access)) for _ in range(5)]
        assert "connection limit (5) is reached" in login_refusal(access)
        for _ in range(50):
            first.channel()
        with pytest.raises(pika.exceptions.ConnectionClosedByBroker, match="NOT_ALLOWED"):
            first.channel()


def test_user_has_no_management(
    access: pika.URLParameters, environment: dict[str, str], bank: Bank
) -> None:
    where = environment["RABBITMQ_MANAGEMENT_URL"].rpartition("@")[2]
    credentials = access.credentials
    assert isinstance(credentials, pika.PlainCredentials)

    answer = httpx.get(
        f"http://{where}/api/queues", auth=(credentials.username, credentials.password)
    )

    assert answer.status_code == 401
