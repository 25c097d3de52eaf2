"""A rewind makes a queue anew just when the broker has come back."""

from __future__ import annotations

import threading
from functools import partial

import pika.exceptions

from chalicelib.banking.events.topology import EXCHANGE, queue_name, queues
from fintegrate.messaging.broker import BrokerUnavailable
from fintegrate.messaging.exclusive import ExclusiveConnection
from fintegrate.messaging.publisher import parameters_of
from fintegrate.messaging.topology import declare
from local.services.amqp import channel_on
from local.services.running import RunningServices
from tests.support.waiting import eventually

REWOUND, OTHER = "rewound_bank", "other_bank"


def test_other_queues_survive_the_deletion(services: RunningServices) -> None:
    """Without the purge, 3.10.8 loses the queues of all banks here, each time."""
    url = services.urls.rabbitmq_url
    declare(url, EXCHANGE, queues([REWOUND, OTHER]))
    services.rabbitmq.stop()
    starting = threading.Thread(target=services.rabbitmq.start)
    starting.start()
    try:
        eventually(lambda: made_anew(url), "the queue is made anew")
    finally:
        starting.join()

    for bank in (REWOUND, OTHER):
        eventually(partial(takes_messages, url, bank), f"{bank} has its queue")


def takes_messages(url: str, bank: str) -> bool:
    try:
        with channel_on(url) as channel:
            channel.basic_publish("", queue_name(bank), b"{}", mandatory=True)
            return bool(channel.queue_purge(queue_name(bank)).method.message_count == 1)
    except pika.exceptions.AMQPError:
        return False


def made_anew(url: str) -> bool:
    try:
        connection = ExclusiveConnection(parameters_of(url), "rewind_test", 5)
        try:
            connection.make_anew(queue_name(REWOUND), EXCHANGE, queues([REWOUND]), 20)
        finally:
            connection.close()
    except (BrokerUnavailable, pika.exceptions.AMQPError):
        return False
    return True
