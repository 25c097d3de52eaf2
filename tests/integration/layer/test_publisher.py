"""A publisher and a real broker: what becomes of a connection after a nack, and after no confirm."""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pika
import psutil
import pytest

from fintegrate.breaker import CircuitBreaker
from fintegrate.messaging import broker
from fintegrate.messaging import publisher as module
from fintegrate.messaging.broker import BrokerConnection, BrokerUnavailable
from fintegrate.messaging.message import Message
from fintegrate.messaging.publisher import Publisher
from fintegrate.outcome import Result
from local.services.amqp import channel_on
from local.services.running import RunningServices

CONFIRMED, NACKED, UNCONFIRMED = Result.CONFIRMED, Result.NACKED, Result.UNCONFIRMED
BODY = bytes(16_000)
MANY = 600


@pytest.fixture
def url(services: RunningServices) -> str:
    return services.urls.rabbitmq_url


@pytest.fixture
def queue(url: str) -> Iterator[str]:
    """A queue with room for one message. It refuses the others."""
    name = f"tiny_{uuid.uuid4().hex[:12]}"
    with channel_on(url) as ch:
        ch.queue_declare(name, arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
        yield name
        ch.queue_delete(name)


@pytest.fixture
def make_publisher() -> Iterator[Callable[[str], Publisher]]:
    made: list[Publisher] = []

    def make(url: str) -> Publisher:
        made.append(Publisher(url, CircuitBreaker()))
        return made[-1]

    yield make
    for publisher in made:
        publisher.close()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The connections that publishers open."""
    real, connections = module.BrokerConnection, list[object]()

    def counted(*arguments: object) -> object:
        connections.append(real(*arguments))  # type: ignore[arg-type]
        return connections[-1]

    monkeypatch.setattr(module, "BrokerConnection", counted)
    return connections


def publish(publisher: Publisher, queue: str, count: int = 1, body: bytes = b"") -> list[Result]:
    messages = [
        Message("", queue, body, pika.BasicProperties(message_id=str(number)), str(number))
        for number in range(count)
    ]
    return [outcome.result for outcome in publisher.publish(messages, 1)]


def test_confirmed_publishes_keep_the_connection(
    url: str, queue: str, make_publisher: Callable[[str], Publisher], opened: list[object]
) -> None:
    publisher = make_publisher(url)

    assert publish(publisher, queue) == [CONFIRMED]
    assert publish(publisher, f"{queue}_missing") == [Result.UNROUTABLE]

    assert len(opened) == 1


def test_late_opened_connection_is_closed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine our own time ends before pika has noticed that its time is over."""
    monkeypatch.setattr(broker, "_HANDSHAKE_PART", 1000)

    with pytest.raises(BrokerUnavailable):
        BrokerConnection(pika.URLParameters(url), 0.001)

    opened = psutil.Process().net_connections(kind="tcp")
    assert [each for each in opened if each.raddr and each.raddr.port == urlsplit(url).port] == []


def test_nack_gives_the_connection_up(
    url: str, queue: str, make_publisher: Callable[[str], Publisher], opened: list[object]
) -> None:
    publisher = make_publisher(url)
    publish(publisher, queue)

    assert publish(publisher, queue) == [NACKED]
    assert len(opened) == 1
    with channel_on(url) as ch:
        ch.queue_purge(queue)
    assert publish(publisher, queue) == [CONFIRMED]

    assert len(opened) == 2


class Line:
    """The line to the broker, which can break: then nothing is read from the publisher's side."""

    def __init__(self, url: str) -> None:
        self._broker = urlsplit(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        port = self._listener.getsockname()[1]
        self.url = url.replace(f":{self._broker.port}/", f":{port}/")
        self._broken = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        self.near, _ = self._listener.accept()
        self._far = socket.create_connection((self._broker.hostname, self._broker.port))
        back = threading.Thread(target=self._copy, args=(self._far, self.near))
        back.start()
        self.near.settimeout(0.05)
        while not self._broken.is_set():
            with suppress(TimeoutError):
                self._far.sendall(self.near.recv(4096))
        self.near.settimeout(10)

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(4096):
                target.sendall(data)

    def break_down(self) -> None:
        self._broken.set()
        self._thread.join()

    def read_on(self) -> None:
        """Read what still comes from the publisher's side, until its end."""
        while self.near.recv(65_536):
            pass

    def close(self) -> None:
        self._far.shutdown(socket.SHUT_RDWR)
        for each in (self._far, self.near, self._listener):
            each.close()


@pytest.fixture
def line(url: str) -> Iterator[Line]:
    line = Line(url)
    yield line
    line.close()


def test_broken_line_delivers_nothing_later(
    line: Line, queue: str, make_publisher: Callable[[str], Publisher]
) -> None:
    publisher = make_publisher(line.url)
    assert publish(publisher, queue) == [CONFIRMED]
    line.break_down()

    assert set(publish(publisher, queue, MANY, BODY)) == {UNCONFIRMED}

    with pytest.raises(ConnectionResetError):
        line.read_on()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this kernel has no such bound")
def test_line_has_a_time_limit(
    url: str, queue: str, make_publisher: Callable[[str], Publisher]
) -> None:
    publisher = make_publisher(url)
    publish(publisher, queue)

    line = publisher._local.connection._connection._transport._sock
    limit = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert limit == module.LINE_SECONDS * 1000


def post(publisher: Publisher, queue: str) -> tuple[Result | None, Result | None]:
    """The outcomes of the message before and of this one, as far as they are known."""
    message = Message("", queue, b"", pika.BasicProperties(message_id=uuid.uuid4().hex), "lane")
    before, now = publisher.post(message, 1)
    return before and before.result, now and now.result


@pytest.fixture
def roomy(url: str) -> Iterator[str]:
    """A queue that takes any number of messages."""
    name = f"roomy_{uuid.uuid4().hex[:12]}"
    with channel_on(url) as ch:
        ch.queue_declare(name)
        yield name
        ch.queue_delete(name)


def test_only_the_first_post_waits(
    url: str, roomy: str, make_publisher: Callable[[str], Publisher]
) -> None:
    publisher = make_publisher(url)

    assert post(publisher, roomy) == (None, CONFIRMED)
    assert post(publisher, roomy) == (None, None)

    before, _ = post(publisher, roomy)
    assert before is CONFIRMED


def test_next_post_tells_of_a_missing_queue(
    url: str, roomy: str, make_publisher: Callable[[str], Publisher]
) -> None:
    publisher = make_publisher(url)
    post(publisher, roomy)

    assert post(publisher, f"{roomy}_missing") == (None, None)
    assert post(publisher, roomy) == (Result.UNROUTABLE, CONFIRMED)


def test_next_post_tells_of_a_nack(
    url: str, queue: str, make_publisher: Callable[[str], Publisher]
) -> None:
    publisher = make_publisher(url)
    post(publisher, queue)

    assert post(publisher, queue) == (None, None)
    assert post(publisher, queue) == (NACKED, NACKED)


def test_post_waits_where_one_is_unconfirmed(
    line: Line, queue: str, make_publisher: Callable[[str], Publisher]
) -> None:
    publisher = make_publisher(line.url)
    post(publisher, queue)
    line.break_down()

    assert post(publisher, queue) == (None, None)
    assert post(publisher, queue) == (UNCONFIRMED, UNCONFIRMED)


def test_closing_forgets_no_posted_message(
    line: Line, queue: str, make_publisher: Callable[[str], Publisher]
) -> None:
    publisher = make_publisher(line.url)
    post(publisher, queue)
    line.break_down()
    post(publisher, queue)

    publisher.close()

    before, _ = post(publisher, queue)
    assert before is UNCONFIRMED


def test_posts_beside_waited_messages(
    url: str, roomy: str, make_publisher: Callable[[str], Publisher]
) -> None:
    publisher = make_publisher(url)
    post(publisher, roomy)
    post(publisher, roomy)

    assert publish(publisher, roomy, MANY) == [CONFIRMED] * MANY

    before, _ = post(publisher, roomy)
    assert before is CONFIRMED


def test_half_open_breaker_is_told(url: str, roomy: str) -> None:
    """A probe that nobody waits for would leave the breaker half open."""
    breaker = CircuitBreaker(failures=1, open_seconds=0)
    publisher = Publisher(url, breaker)
    post(publisher, roomy)
    breaker.failed()

    assert post(publisher, roomy) == (None, CONFIRMED)

    assert breaker.state == "closed"
    publisher.close()
