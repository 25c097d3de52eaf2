"""The management API of a real broker: users, what they may do, their connections, queues' figures."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import pika
import pika.exceptions
import pytest

from fintegrate.messaging.management import (
    Limits,
    Management,
    ManagementRefused,
    ManagementUnavailable,
    Permissions,
    QueueFigures,
    hash_password,
)
from local.services.amqp import channel_on
from local.services.running import RunningServices
from tests.support.broker import login_refusal
from tests.support.waiting import eventually

NOTHING = Permissions("^$", "^$", "^$")
ROUNDS, READERS = 20, 5
PASSWORD = "a password: 50 % sure/ünsicher"


@pytest.fixture
def url(services: RunningServices) -> str:
    return services.urls.servers["RABBITMQ_MANAGEMENT_URL"]


@pytest.fixture
def management(url: str) -> Management:
    return Management(url)


@pytest.fixture
def user(management: Management) -> Iterator[str]:
    """A user of this test that may do nothing."""
    name = f"test user/{uuid.uuid4().hex}"
    management.put_user(name, hash_password(PASSWORD))
    management.put_permissions(name, NOTHING)
    yield name
    management.delete_user(name)


@pytest.fixture
def parameters(services: RunningServices, user: str) -> pika.URLParameters:
    """How that user connects."""
    parameters = pika.URLParameters(services.urls.servers["RABBITMQ_URL"])
    parameters.credentials = pika.PlainCredentials(user, PASSWORD)
    parameters.connection_attempts = 1
    return parameters


def test_hashed_password_opens_a_connection(
    user: str, parameters: pika.URLParameters, management: Management
) -> None:
    with pika.BlockingConnection(parameters):
        eventually(lambda: len(management.connection_names(user)) == 1, "the connection is listed")


def test_deleted_user_is_disconnected(
    user: str, parameters: pika.URLParameters, management: Management
) -> None:
    connection = pika.BlockingConnection(parameters)

    management.delete_user(user)
    management.delete_user(user)  # again is fine

    assert user not in management.password_hashes()
    with pytest.raises(pika.exceptions.ConnectionClosedByBroker):
        eventually(lambda: connection.process_data_events(0.1), "the broker closes it")
    assert "ProbableAuthenticationError" in login_refusal(parameters)


def test_closed_connection_hears_the_reason(
    user: str, parameters: pika.URLParameters, management: Management
) -> None:
    connection = pika.BlockingConnection(parameters)

    management.close_connections(user, "its access was taken away")

    with pytest.raises(pika.exceptions.ConnectionClosedByBroker, match="access was taken away"):
        eventually(lambda: connection.process_data_events(0.1), "the broker closes it")
    eventually(lambda: not management.connection_names(user), "it is gone")


def test_ending_connections_are_no_failure(
    parameters: pika.URLParameters, management: Management, user: str
) -> None:
    """The broker ends a deleted user's connections itself; when that crosses, it answers 500."""
    with ThreadPoolExecutor(READERS) as pool:
        for _ in range(ROUNDS):
            management.put_user(user, hash_password(PASSWORD))
            management.put_permissions(user, NOTHING)
            connections = [pika.BlockingConnection(parameters) for _ in range(READERS)]
            ends = [pool.submit(_read_until_closed, each) for each in connections]
            management.delete_user(user)

            def is_over(ends: list[Future[None]] = ends) -> bool:
                # The broker may list a connection only some time after it was opened.
                management.close_connections(user, "its access was taken away")
                return not wait(ends, timeout=1).not_done

            eventually(is_over, "the broker closes them")
            for end in ends:
                end.result()


def _read_until_closed(connection: pika.BlockingConnection) -> None:
    with suppress(pika.exceptions.AMQPError):
        while True:
            connection.process_data_events(None)


def test_limits_bound_connections_and_channels(
    user: str, parameters: pika.URLParameters, management: Management
) -> None:
    management.put_limits(user, Limits(connections=2, channels=1))

    with ExitStack() as stack:
        first, _ = (stack.enter_context(pika.BlockingConnection(parameters)) for _ in range(2))
        assert "connection limit (2) is reached" in login_refusal(parameters)
        first.channel()
        with pytest.raises(
            pika.exceptions.ConnectionClosedByBroker, match="maximum allowed user limit"
        ):
            first.channel()


def test_connected_users_are_counted(
    user: str, parameters: pika.URLParameters, management: Management
) -> None:
    with pika.BlockingConnection(parameters):
        eventually(lambda: management.connected_users()[user] == 1, "the statistics know it")


def test_queues_figures_are_the_brokers(services: RunningServices, management: Management) -> None:
    name = f"test_{uuid.uuid4().hex}"
    with channel_on(services.urls.servers["RABBITMQ_URL"]) as channel:
        channel.queue_declare(name, durable=True, arguments={"x-queue-type": "quorum"})
        for _ in range(3):
            channel.basic_publish("", name, b"")
        channel.basic_qos(prefetch_count=1)
        channel.basic_consume(name, lambda *_: None)

        def figures() -> QueueFigures | None:
            channel.connection.process_data_events(0.1)
            return next((q for q in management.queues() if q.name == name), None)

        expected = QueueFigures(name, ready=2, unacknowledged=1, consumers=1)
        eventually(lambda: figures() == expected, "the broker has counted")
        channel.queue_delete(name)


def test_wrong_password_is_refused_without_it(url: str) -> None:
    parts = urlsplit(url)
    wrong = parts._replace(netloc=f"{parts.username}:wrong-secret@{parts.hostname}:{parts.port}")

    with pytest.raises(ManagementRefused) as refused:
        Management(wrong.geturl()).queues()

    assert str(refused.value) == "GET /api/queues/%2F: 401 Login failed"


def test_broker_away_is_unavailable() -> None:
    with pytest.raises(ManagementUnavailable) as away:
        Management("http://user:hidden-secret@127.0.0.1:9").queues()

    assert "hidden-secret" not in str(away.value)
