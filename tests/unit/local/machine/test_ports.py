from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.machine.checkout import Checkout
from local.machine.ports import CANDIDATES, LOOPBACK, NoFreePort, PortBook, is_free, next_free


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((LOOPBACK, 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_only_listening_ports_are_taken() -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)


def test_next_free_passes_over_taken_ports(taken: int) -> None:
    assert next_free(taken) > taken


def test_no_free_port_is_said(taken: int) -> None:
    with pytest.raises(NoFreePort, match=str(taken)):
        next_free(taken, tries=1)


def test_port_is_remembered(checkout: Checkout) -> None:
    port = PortBook(checkout).port("redis")

    assert port in CANDIDATES
    assert PortBook(checkout).port("redis") == port


def test_names_have_different_ports(checkout: Checkout) -> None:
    book = PortBook(checkout)

    assert len({book.port(name) for name in "abcdefgh"}) == 8


def test_taken_port_is_chosen_again(checkout: Checkout) -> None:
    book = PortBook(checkout)
    port, other = book.port("redis"), book.port("rabbitmq")
    with socket.create_server((LOOPBACK, port)):
        book.renew_taken(("redis", "rabbitmq"))

        assert book.port("redis") != port
        assert book.port("rabbitmq") == other
