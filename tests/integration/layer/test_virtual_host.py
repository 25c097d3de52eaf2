"""A virtual host of a real broker and its user, and what waits in its queues."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pika.exceptions
import pytest

from fintegrate.messaging.broker import BrokerUnavailable
from fintegrate.messaging.depths import Depth, depths
from fintegrate.messaging.management import Management
from fintegrate.messaging.virtual_host import put_virtual_host
from local.services.amqp import channel_on
from local.services.running import RunningServices

PASSWORD = "50 % sure/ünsicher"


@pytest.fixture
def management_url(services: RunningServices) -> str:
    return services.urls.rabbitmq_management_url


@pytest.fixture
def name(management_url: str) -> Iterator[str]:
    """A name for a virtual host and its user."""
    made = f"letters {uuid.uuid4().hex}"
    yield made
    management = Management(management_url, virtual_host=made)
    management.delete_virtual_host()
    management.delete_user(made)


def url_of(services: RunningServices, name: str, password: str, host: str | None = None) -> str:
    address = urlsplit(services.urls.rabbitmq_url).netloc.rpartition("@")[2]
    user, path = quote(name, safe=""), quote(host or name, safe="")
    return f"amqp://{user}:{quote(password, safe='')}@{address}/{path}?connection_attempts=1"


def test_user_works_there_and_nowhere_else(
    services: RunningServices, management_url: str, name: str
) -> None:
    url = url_of(services, name, PASSWORD)

    assert put_virtual_host(management_url, url) == name

    with channel_on(url) as channel:
        channel.queue_declare("letters")
    with (
        pytest.raises(pika.exceptions.AMQPConnectionError),
        channel_on(url_of(services, name, PASSWORD, "/")),
    ):
        pass


def test_user_gets_the_password_of_its_url(
    services: RunningServices, management_url: str, name: str
) -> None:
    former, url = url_of(services, name, "former"), url_of(services, name, PASSWORD)
    put_virtual_host(management_url, former)
    with channel_on(former) as channel:
        channel.queue_declare("letters", durable=True)

    put_virtual_host(management_url, url)

    assert depths(url, ["letters"]) == {"letters": Depth(0, 0)}
    with pytest.raises(BrokerUnavailable):
        depths(former, ["letters"])


def test_administrator_keeps_its_rights(
    services: RunningServices, management_url: str, name: str
) -> None:
    administrator = urlsplit(services.urls.rabbitmq_url)
    url = administrator._replace(path=f"/{quote(name)}").geturl()

    assert put_virtual_host(management_url, url) == administrator.username

    assert Management(management_url).password_hashes()
    with channel_on(url) as channel:
        channel.queue_declare("letters")


def test_depths_count_messages_and_readers(services: RunningServices, name: str) -> None:
    url = services.urls.rabbitmq_url
    with channel_on(url) as channel:
        channel.queue_declare(name, auto_delete=True)
        channel.basic_publish("", name, b"one")
        channel.basic_qos(prefetch_count=1)
        channel.basic_publish("", name, b"two")
        channel.basic_consume(name, lambda *_: None)

        found = depths(url, [f"{name} missing", name])

    assert found == {f"{name} missing": None, name: Depth(1, 1)}
