"""A Redis that says what the test wants."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

Command = tuple[str, ...]


class FakeRedis:
    """Stands where redis-py's connection pool and its connection stand.

    `answer` is what every command is answered with, or its error; `answers` are those of the next
    commands. Answers in the order in which was sent, as Redis does.
    """

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.answers: list[object] = []
        self.packets: list[list[Command]] = []
        self._unread = 0

    @property
    def sent(self) -> list[Command]:
        """The commands of all packets."""
        return [command for packet in self.packets for command in packet]

    def from_url(self, *_args: object, **_options: object) -> FakeRedis:
        return self

    def make_connection(self) -> FakeRedis:
        return self

    def send_packed_command(self, pieces: list[bytes]) -> None:
        commands = list(_commands(BytesIO(b"".join(pieces))))
        self.packets.append(commands)
        self._unread += len(commands)

    def read_response(self) -> object:
        assert self._unread, "nobody asked for this answer"
        self._unread -= 1
        answer = self.answers.pop(0) if self.answers else self.answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    def disconnect(self) -> None:
        self._unread = 0


def _commands(packet: BytesIO) -> Iterator[Command]:
    """The commands of a packet.

    Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
    """
    while head := packet.readline():
        assert head[:1] == b"*"
        yield tuple(_bulk_string(packet) for _ in range(int(head[1:])))


def _bulk_string(packet: BytesIO) -> str:
    head = packet.readline()
    assert head[:1] == b"$"
    text = packet.read(int(head[1:])).decode()
    assert packet.read(2) == b"\r\n"
    return text
