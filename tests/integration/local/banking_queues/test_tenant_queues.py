"""What a measurement leaves on the broker of the checkout: nothing."""

from __future__ import annotations

from uuid import uuid4

import pika.exceptions
import pytest

from chalicelib.banking.events.topology import EXCHANGE, queues
from fintegrate.messaging.topology import Queue, declare
from local.banking.tenant_queues import remove_queues
from local.services.amqp import channel_on
from local.services.running import RunningServices

NOT_FOUND = 404


@pytest.fixture
def url(services: RunningServices) -> str:
    return services.urls.rabbitmq_url


def exists(url: str, queue: Queue) -> bool:
    with channel_on(url) as channel:
        try:
            channel.queue_declare(queue.name, passive=True)
        except pika.exceptions.ChannelClosedByBroker as error:
            if error.reply_code != NOT_FOUND:
                raise
            return False
        return True


def test_only_its_own_queues_are_removed(url: str) -> None:
    gone, stays = f"bank_{uuid4().hex}", f"bank_{uuid4().hex}"
    declare(url, EXCHANGE, queues([gone, stays]))
    try:
        remove_queues(url, [gone])
        assert [exists(url, queue) for queue in queues([gone, stays])] == [False] * 2 + [True] * 2
    finally:
        remove_queues(url, [stays])


def test_removed_queues_may_be_removed_again(url: str) -> None:
    name = f"bank_{uuid4().hex}"
    remove_queues(url, [name])
    remove_queues(url, [name])
    assert not any(exists(url, queue) for queue in queues([name]))
