"""Dead-letter queues in the hands of who holds a broker credential: any bytes, any headers."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pika
import pytest

from chalicelib.banking.events import dead_letters
from chalicelib.banking.events.dead_letters import LettersStuck
from chalicelib.banking.events.topology import dead_letter_queue_name
from tests.integration.banking.events.test_dead_letters import letters_waiting, put_letter, sweep
from tests.support.banking import Bank
from tests.support.broker import channel
from tests.support.fixtures import Query
from tests.support.waiting import eventually


class RawHeaders(pika.BasicProperties):
    """Properties whose header table is these bytes, as a client other than pika can send it."""

    def __init__(self, table: bytes) -> None:
        super().__init__()
        self._table = table

    def encode(self) -> list[bytes]:
        size = struct.pack(">I", len(self._table))
        return [struct.pack(">H", self.FLAG_HEADERS), size, self._table]


def nested(depth: int) -> bytes:
    """A header that is a list in a list in a list."""
    value = b"V"
    for _ in range(depth):
        value = b"A" + struct.pack(">I", len(value)) + value
    return b"\x01h" + value


def put_raw(url: str, bank: Bank, table: bytes) -> None:
    with channel(url) as ch:
        ch.basic_publish("", dead_letter_queue_name(bank.name), b"rubbish", RawHeaders(table))
    eventually(lambda: letters_waiting(url, bank) == 1, "the letter")


@pytest.mark.parametrize(
    "headers",
    [
        {"x-death": 5},
        {"x-death": True},
        {"said": "\\u0000"},
        {"said": "\\\\u0000\x00\x00"},
        {"said": "\x00\\"},
    ],
)
def test_letter_with_any_headers_is_kept(
    bank: Bank, rabbitmq_url: str, query: Query, headers: dict[str, Any]
) -> None:
    put_letter(rabbitmq_url, bank, b"rubbish", headers=headers)
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 1, "the letter")

    assert sweep() == {"kept": 1, "unmatched": 1, "superseded": 0}

    (kept,) = query("SELECT body FROM dead_letters")
    assert bytes(kept["body"]) == b"rubbish"
    assert letters_waiting(rabbitmq_url, bank) == 0


@pytest.mark.parametrize("table", [b"\x02\xff\xfeV", nested(300)])
def test_unserialisable_headers_are_kept(bank: Bank, rabbitmq_url: str, table: bytes) -> None:
    put_raw(rabbitmq_url, bank, table)

    assert sweep() == {"kept": 1, "unmatched": 1, "superseded": 0}


@pytest.mark.parametrize("table", [b"\x01hT" + struct.pack(">Q", 2**62), nested(3000)])
def test_unreadable_dead_letter_blocks_no_other(
    make_bank: Callable[[], Bank], rabbitmq_url: str, query: Query, table: bytes
) -> None:
    first, second = sorted((make_bank(), make_bank()), key=lambda bank: bank.name)
    put_raw(rabbitmq_url, first, table)
    put_letter(rabbitmq_url, second, b"readable")
    eventually(lambda: letters_waiting(rabbitmq_url, second) == 1, "the letter")

    with pytest.raises(LettersStuck, match=first.name):
        sweep()

    assert [bytes(row["body"]) for row in query("SELECT body FROM dead_letters")] == [b"readable"]
    assert letters_waiting(rabbitmq_url, first) == 1


def test_large_dead_letters_come_in_portions(
    bank: Bank, rabbitmq_url: str, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "BATCH_BYTES", 1_000)
    for number in range(5):
        put_letter(rabbitmq_url, bank, b"x" * 600, message_id=str(number))
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 5, "the letters")

    assert sweep()["kept"] == 5

    (row,) = query("SELECT count(DISTINCT xmin::text) AS transactions FROM dead_letters")
    assert row["transactions"] == 3
