"""The Runtime API speaks HTTP to a runtime whatever way its bytes come in."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from local.artifact.emulator.runtime_api import RuntimeConnection
from local.aws_shapes.quotas import PAYLOAD_LIMIT

NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"
RESPONSE = (
    b"POST /2018-06-01/runtime/invocation/i-1/response HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s"
)


class FakeSocket:
    def setsockopt(self, *_: object) -> None:
        """Accept any option."""


class FakeTransport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def get_extra_info(self, name: str, default: object = None) -> object:
        return FakeSocket()

    def write(self, data: object) -> None:
        self.writes.append(bytes(cast("bytes", data)))

    def close(self) -> None:
        self.closed = True


class Conversation:
    def __init__(self) -> None:
        self.asked: list[RuntimeConnection] = []
        self.answers: list[tuple[str, bytes, bool]] = []
        self.broken: list[bytes] = []

    def runtime_asks(self, connection: RuntimeConnection) -> None:
        self.asked.append(connection)

    def runtime_answers(self, request_id: str, payload: bytes, failed: bool) -> bool:
        self.answers.append((request_id, payload, failed))
        return request_id == "i-1"

    def runtime_cannot_start(self, payload: bytes) -> None:
        self.broken.append(payload)


@pytest.fixture
def conversation() -> Conversation:
    return Conversation()


@pytest.fixture
def transport() -> FakeTransport:
    return FakeTransport()


@pytest.fixture
def connection(conversation: Conversation, transport: FakeTransport) -> RuntimeConnection:
    made = RuntimeConnection(conversation)
    made.connection_made(transport)
    return made


def test_whole_answer_is_one_write(
    connection: RuntimeConnection, conversation: Conversation, transport: FakeTransport
) -> None:
    connection.data_received(NEXT)
    conversation.asked[0].answer(200, b'{"a":1}', {"Lambda-Runtime-Aws-Request-Id": "i-1"})
    (written,) = transport.writes
    assert written.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
    assert written.endswith(b'Content-Length: 7\r\n\r\n{"a":1}')


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_requests_are_understood_in_any_pieces(
    connection: RuntimeConnection, conversation: Conversation, size: int
) -> None:
    stream = RESPONSE % (3, b"abc") + NEXT
    for start in range(0, len(stream), size):
        connection.data_received(stream[start : start + size])
    assert conversation.answers == [("i-1", b"abc", False)]
    assert len(conversation.asked) == 1


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (RESPONSE % (2, b"{}"), b"202"),
        ((RESPONSE % (2, b"{}")).replace(b"i-1", b"other"), b"400"),
        (RESPONSE % (PAYLOAD_LIMIT + 1, b"x" * (PAYLOAD_LIMIT + 1)), b"413"),
        (b"POST /2018-06-01/runtime/init/error HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", b"202"),
        (b"GET /elsewhere HTTP/1.1\r\n\r\n", b"404"),
        (b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
    ],
)
def test_runtime_api_statuses(
    connection: RuntimeConnection, transport: FakeTransport, request_bytes: bytes, status: bytes
) -> None:
    connection.data_received(request_bytes)
    assert transport.writes[0][9:12] == status
