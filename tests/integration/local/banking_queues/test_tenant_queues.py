"""What a measurement leaves on the broker of the checkout: nothing."""

from __future__ import annotations

from contextlib import closing
from uuid import uuid4

import pika
import pytest

from chalicelib.banking.events.topology import EXCHANGE, queues
from fintegrate.messaging.topology import declare
from local.banking.tenant_queues import remove_queues

NOT_FOUND = 404


@pytest.fixture
def url(services):
    return services.urls.rabbitmq_url


def exists(url, queue):
    with closing(pika.BlockingConnection(pika.URLParameters(url))) as connection:
        try:
            connection.channel().queue_declare(queue.name, passive=True)
        except pika.exceptions.ChannelClosedByBroker as error:
            if error.reply_code != NOT_FOUND:
                raise
            return False
        return True


def test_both_queues_of_a_tenant_are_removed_and_nobody_elses(url):
    gone, stays = f"bank_{uuid4().hex}", f"bank_{uuid4().hex}"
    declare(url, EXCHANGE, queues([gone, stays]))
    try:
        remove_queues(url, [gone])
        assert [exists(url, queue) for queue in queues([gone, stays])] == [False] * 2 + [True] * 2
    finally:
        remove_queues(url, [stays])


def test_removing_what_is_gone_is_fine(url):
    name = f"bank_{uuid4().hex}"
    remove_queues(url, [name])
    remove_queues(url, [name])
    assert not any(exists(url, queue) for queue in queues([name]))
