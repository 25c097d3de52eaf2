"""A lookup ends for the sender at its deadline, and hanging ones hold few threads."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from ipaddress import ip_address

import pytest

from fintegrate.outgoing.addresses import Address
from fintegrate.outgoing.deadline import Deadline
from fintegrate.outgoing.resolving import NotResolved, Resolver, system_lookup
from tests.support.threads import at_once
from tests.support.waiting import eventually

ONE = ip_address("93.184.216.34")


class NameServer:
    """Answers `ONE`, but not before it is let go."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go = threading.Event()

    def lookup(self, host: str) -> Iterable[Address]:
        self.asked.append(host)
        assert self.go.wait(60)
        return [ONE]


@pytest.fixture
def silent() -> Iterator[NameServer]:
    server = NameServer()
    yield server
    server.go.set()


def test_silent_server_ends_at_deadline(silent: NameServer) -> None:
    resolver = Resolver(silent.lookup)

    with pytest.raises(NotResolved, match=r"slow\.example was not resolved in time"):
        resolver.addresses("slow.example", Deadline.after(0.05))


def test_hanging_name_holds_one_thread(silent: NameServer) -> None:
    resolver = Resolver(silent.lookup)

    for _ in range(5):
        with pytest.raises(NotResolved):
            resolver.addresses("slow.example", Deadline.after(0.01))

    assert silent.asked == ["slow.example"]


def test_lookups_under_way_are_bounded(silent: NameServer) -> None:
    resolver = Resolver(silent.lookup, most=2)
    for host in ("one.example", "two.example", "three.example"):
        with pytest.raises(NotResolved):
            resolver.addresses(host, Deadline.after(0.05))
    assert silent.asked == ["one.example", "two.example"]

    silent.go.set()

    assert resolver.addresses("three.example", Deadline.after(30)) == (ONE,)


def test_hanging_name_delays_no_other(silent: NameServer) -> None:
    def lookup(host: str) -> Iterable[Address]:
        return silent.lookup(host) if host == "slow.example" else [ONE]

    resolver = Resolver(lookup, most=2)
    with pytest.raises(NotResolved):
        resolver.addresses("slow.example", Deadline.after(0.01))

    assert resolver.addresses("fast.example", Deadline.after(30)) == (ONE,)


def test_waiting_senders_share_answer(silent: NameServer) -> None:
    resolver = Resolver(silent.lookup)
    timer = threading.Timer(0.1, silent.go.set)
    timer.start()

    found = at_once([lambda: resolver.addresses("a.example", Deadline.after(30))] * 4)

    timer.join()
    assert found == [(ONE,)] * 4


def test_answer_is_not_remembered(silent: NameServer) -> None:
    silent.go.set()
    resolver = Resolver(silent.lookup)

    for _ in range(3):
        resolver.addresses("a.example", Deadline.after(30))

    assert silent.asked == ["a.example"] * 3


@pytest.mark.parametrize("error", [OSError("no"), ValueError("no address"), UnicodeError("no")])
def test_failed_lookup_is_told(error: Exception) -> None:
    def lookup(_host: str) -> Iterable[Address]:
        raise error

    with pytest.raises(NotResolved, match="cannot be resolved"):
        Resolver(lookup).addresses("a.example", Deadline.after(30))


def test_empty_answer_is_told() -> None:
    with pytest.raises(NotResolved, match="no address"):
        Resolver(lambda _host: []).addresses("a.example", Deadline.after(30))


def test_lookup_thread_holds_no_exit(silent: NameServer) -> None:
    resolver = Resolver(silent.lookup)
    with pytest.raises(NotResolved):
        resolver.addresses("slow.example", Deadline.after(0.01))

    hanging = [thread for thread in threading.enumerate() if thread.name == "lookup"]
    assert hanging
    assert all(thread.daemon for thread in hanging)
    silent.go.set()
    eventually(lambda: not any(thread.is_alive() for thread in hanging), "the lookup has ended")


def test_system_finds_own_machine() -> None:
    assert {str(address) for address in system_lookup("localhost")} & {"127.0.0.1", "::1"}
