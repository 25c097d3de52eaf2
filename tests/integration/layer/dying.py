"""Another process that claims letters, or takes them from a queue, and is killed meanwhile."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

from fintegrate.database import Database, Row
from fintegrate.messaging.queue_function import QueueMessage
from fintegrate.outbox.leased_sweep import LeasedSweep
from fintegrate.outbox.leases import Leases
from fintegrate.outbox.sweep import Sweep
from fintegrate.outcome import Outcome, Result
from tests.integration.layer.letters import BY_LEASE, BY_LOCK, FILTERS, LETTERS, LISTED
from tests.integration.layer.mail import PostOffice


class Stuck:
    """A sender that says what it has got, and then sends for ever."""

    outages: frozenset[Result] = frozenset()

    def __init__(self, messages: Connection) -> None:
        self._messages = messages

    def send(self, rows: Sequence[Row], _seconds: float) -> list[Outcome]:
        """Never returns."""
        self._messages.send(len(rows))
        while True:
            time.sleep(60)


def sweep_by_lock(url: str, messages: Connection) -> None:
    """A sweep that gets stuck in its first batch."""
    Sweep(Database(url), Stuck(messages), LETTERS, BY_LOCK, LISTED).run(FILTERS, 60)


def sweep_by_lease(url: str, messages: Connection) -> None:
    """The same by leases."""
    leases = Leases(Database(url), LETTERS, BY_LEASE, lambda _row, _outcome: 60)
    LeasedSweep(leases, Stuck(messages), LISTED).run(FILTERS, 60)


class StuckProcess:
    """Runs one of the two; `claimed` is how many letters it had when it got stuck."""

    def __init__(self, by_lease: bool, url: str) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        target = sweep_by_lease if by_lease else sweep_by_lock
        self._process = context.Process(target=target, args=(url, theirs))
        self._process.start()
        theirs.close()
        with ours:
            assert ours.poll(30), "it claimed nothing"
            self.claimed = int(ours.recv())

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.join()


def settle_mail(
    url: str,
    broker: str,
    queue: str,
    bodies: Sequence[bytes],
    redelivered: bool,
    messages: Connection,
) -> None:
    """A function that gets stuck in a letter which wants it to die."""

    def get_stuck(wish: str) -> None:
        if wish == "die":
            messages.send(wish)
            while True:
                time.sleep(60)

    office = PostOffice(Database(url), broker, queue, on_wish=get_stuck)
    office.settle([QueueMessage(body, {}, None, redelivered, queue) for body in bodies])


class StuckInbox:
    """Runs it until it is stuck."""

    def __init__(
        self, url: str, broker: str, queue: str, bodies: Sequence[bytes], *, redelivered: bool
    ) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        arguments = (url, broker, queue, bodies, redelivered, theirs)
        self._process = context.Process(target=settle_mail, args=arguments)
        self._process.start()
        theirs.close()
        with ours:
            assert ours.poll(30), "it did not get there"

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.join()
