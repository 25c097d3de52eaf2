"""The receiver of the measurements: what it answers, counts and notes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

import pytest

from local.bench.receiver import Receiver


@pytest.fixture(scope="module")
def running() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def receiver(running: Receiver) -> Receiver:
    running.clear()
    return running


def posted(receiver: Receiver, path: str, body: bytes = b"{}", **headers: str) -> bytes:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(HTTPConnection("127.0.0.1", receiver.port, timeout=10)) as connection:
        connection.request("POST", path, body, names)
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read()


def test_events_of_meta_are_counted(receiver: Receiver) -> None:
    body = json.dumps({"data": [{"event_id": str(number)} for number in range(3)]}).encode()

    said = posted(receiver, "/v25.0/1/events", body)

    assert json.loads(said) == {"events_received": 3}
    assert receiver.seen().events == 3


def test_bank_says_that_it_processed(receiver: Receiver) -> None:
    assert json.loads(posted(receiver, "/after/1/processed")) == {"status": "processed"}


def test_first_arrival_of_each_event_counts(receiver: Receiver) -> None:
    posted(receiver, "/after/0/hook", webhook_id="msg_17_3")
    between = time.monotonic()
    posted(receiver, "/after/1/hook", webhook_id="msg_17_3")

    seen = receiver.seen()

    assert list(seen.arrived) == ["msg_17_3"]
    assert seen.arrived["msg_17_3"] < between
    assert seen.requests == {"/after/0/hook": 1, "/after/1/hook": 1}


def test_arrivals_are_of_asked_events(receiver: Receiver) -> None:
    posted(receiver, "/after/0/hook", webhook_id="msg_17_3")
    posted(receiver, "/after/0/hook", webhook_id="msg_18_3")

    arrived = receiver.arrivals([17, 18], lambda message_id: int(message_id.split("_")[1]))

    assert list(arrived) == [17, 18]
    assert arrived[17] < arrived[18]


def test_event_that_stays_away_is_told(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.bench.receiver.PATIENCE_SECONDS", 0.1)

    with pytest.raises(RuntimeError, match="not every event arrived"):
        receiver.arrivals(["a"], str)


def test_dead_port_refuses_each_connection(receiver: Receiver) -> None:
    with pytest.raises(ConnectionRefusedError):
        HTTPConnection("127.0.0.1", receiver.dead_port, timeout=10).connect()
