"""From a name to its addresses, with an end.

`getaddrinfo` takes no timeout: the C library may try for half a minute. So a lookup runs in a thread of
its own, and the sender waits for the answer until its deadline, no longer. The thread ends when the C
library gives up. Threads are bounded. A second lookup of a name joins the one that is under way, so a
name whose servers hang holds one thread. No more than `most` names are looked up at once.

Nothing is remembered after a lookup has ended: each new connection gets an answer of its own.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from ipaddress import ip_address

from fintegrate.outgoing.addresses import Address
from fintegrate.outgoing.deadline import Deadline, TimeIsUp

MOST_LOOKUPS = 128
Lookup = Callable[[str], Iterable[Address]]


class NotResolved(Exception):
    """The name has no address, or the answer did not come in time. The text says which."""


def system_lookup(host: str) -> Iterable[Address]:
    """What the system's resolver says: every address once, in its order."""
    # As bytes: Python would load its IDNA tables for a text.
    found = socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM)
    return dict.fromkeys(ip_address(entry[4][0]) for entry in found)


class Resolver:
    """Looks names up in threads that nobody has to wait for."""

    def __init__(self, lookup: Lookup = system_lookup, most: int = MOST_LOOKUPS) -> None:
        self._lookup = lookup
        self._most = most
        self._changed = threading.Condition()
        self._under_way: dict[str, Future[tuple[Address, ...]]] = {}

    def addresses(self, host: str, deadline: Deadline) -> tuple[Address, ...]:
        """Every address of the name, at least one.

        Raises:
            NotResolved: see there.
        """
        try:
            found = self._join(host, deadline).result(deadline.left())
        except (TimeoutError, TimeIsUp):
            raise NotResolved(f"the name {host} was not resolved in time") from None
        except (OSError, ValueError):  # ValueError: an answer that is no address
            raise NotResolved(f"the name {host} cannot be resolved") from None
        if not found:
            raise NotResolved(f"the name {host} has no address")
        return found

    def _join(self, host: str, deadline: Deadline) -> Future[tuple[Address, ...]]:
        with self._changed:
            while host not in self._under_way and len(self._under_way) >= self._most:
                self._changed.wait(deadline.left())
            if host not in self._under_way:
                self._start(host)
            return self._under_way[host]

    def _start(self, host: str) -> None:
        answer: Future[tuple[Address, ...]] = Future()
        # A daemon: a process that ends must not wait for somebody else's name server.
        thread = threading.Thread(target=self._run, args=(host, answer), name="lookup", daemon=True)
        self._under_way[host] = answer
        try:
            thread.start()
        except RuntimeError as error:  # no more threads
            del self._under_way[host]
            raise OSError(str(error)) from None

    def _run(self, host: str, answer: Future[tuple[Address, ...]]) -> None:
        try:
            found = tuple(self._lookup(host))
        except Exception as error:
            self._end(host)
            answer.set_exception(error)
        else:
            self._end(host)
            answer.set_result(found)

    def _end(self, host: str) -> None:
        """Before the answer is given: a sender that asks after it gets a lookup of its own."""
        with self._changed:
            del self._under_way[host]
            self._changed.notify_all()
