"""A broker that takes connections and then says nothing, or nonsense."""

from __future__ import annotations

import socket

import pika
import pytest

from fintegrate.breaker import CircuitBreaker
from fintegrate.messaging.message import Message
from fintegrate.messaging.publisher import Publisher
from fintegrate.outcome import Result

MESSAGE = Message("exchange", "key", b"", pika.BasicProperties(), "customer")
PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        yield server


def published_on(listener):
    port = listener.getsockname()[1]
    publisher = Publisher(f"amqp://guest:guest@127.0.0.1:{port}/", CircuitBreaker(1000))
    return publisher.publish([MESSAGE], 0.3)


def test_silent_brokers_socket_is_closed(listener):
    (outcome,) = published_on(listener)

    assert outcome.result is Result.UNSENT
    assert "broker away" in outcome.reason
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(5)
        assert connection.recv(8) == PROTOCOL_HEADER
        assert connection.recv(1) == b""
