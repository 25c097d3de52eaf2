from __future__ import annotations

import socket

import pytest

from local.machine.checkout import Checkout
from local.machine.ports import CANDIDATES, LOOPBACK, NoFreePort, PortBook, is_free, next_free


@pytest.fixture
def taken():
    with socket.create_server((LOOPBACK, 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


def test_listening_port_is_taken_and_closed_one_free():
    with socket.create_server((LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)


def test_next_free_passes_over_taken_ports(taken):
    assert next_free(taken) > taken


def test_no_port_at_all_is_said(taken):
    with pytest.raises(NoFreePort, match=str(taken)):
        next_free(taken, tries=1)


def test_port_is_remembered(checkout):
    port = PortBook(checkout).port("redis")

    assert port in CANDIDATES
    assert PortBook(checkout).port("redis") == port


def test_names_have_different_ports(checkout):
    book = PortBook(checkout)

    assert len({book.port(name) for name in "abcdefgh"}) == 8


def test_port_that_somebody_took_is_chosen_again(checkout):
    book = PortBook(checkout)
    port, other = book.port("redis"), book.port("rabbitmq")
    with socket.create_server((LOOPBACK, port)):
        book.renew_taken(("redis", "rabbitmq"))

        assert book.port("redis") != port
        assert book.port("rabbitmq") == other
