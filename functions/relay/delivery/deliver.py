"""A run of the delivery: what is due goes out through its lanes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial

from chalicelib.relay.checks.doing import BookWithChecks, Checks
from chalicelib.relay.configuration import Configuration
from chalicelib.relay.delivery.adapters import adapter_of
from chalicelib.relay.delivery.book import Deliveries, Limits
from chalicelib.relay.delivery.counting import CountingBook
from chalicelib.relay.delivery.sending import Sender, expires_at
from fintegrate.access.sealing import Sealing
from fintegrate.database import Database
from fintegrate.metrics_store import Metrics
from fintegrate.outbox.lanes import LaneRun, Summary
from fintegrate.outgoing.client import Client
from fintegrate.outgoing.urls import allowed_hosts
from fintegrate.settings import SettingsError

LEASE_MARGIN_SECONDS = 20
LONGEST_SECONDS = 15
"""Of all adapters' requests."""
LINGER_SECONDS = 10.0
"""A run waits so long for what becomes due: an event's first retry comes after 5 seconds, and the next
run may begin in a minute only. An open breaker waits 30 seconds, so it is not waited for."""
_LOOK_SECONDS = 0.2
_ONE_CLIENT = frozenset({"ga4", "sgtm"})
"""A request holds events of one client only, so claimed events are parted by client."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a delivering process keeps: its book and its one way out."""

    book: Deliveries
    sender: Sender
    checks: Checks
    metrics: Metrics
    senders: int
    seconds: int

    @classmethod
    def of(
        cls, settings: Configuration, database: Database, sealing: Sealing, metrics: Metrics
    ) -> Delivery:
        """Make the parts from the settings.

        Raises:
            SettingsError: RELAY_ALLOW_HOSTS or RELAY_RETRY_SECONDS cannot be read, or hosts are allowed
                on another stage than `local`.
        """
        allowed = allowed_hosts(settings.relay_allow_hosts, settings.stage, "RELAY_ALLOW_HOSTS")
        sender = Sender(Client(allowed), sealing, settings.relay_timeout_seconds)
        waits = waits_of(settings.relay_retry_seconds)
        book = Deliveries(database, cache(partial(limits_of, sender=sender)), waits)
        return cls(
            book,
            sender,
            Checks(database, sender, book),
            metrics,
            settings.relay_senders,
            settings.relay_deliver_seconds,
        )

    def close(self) -> None:
        """Close what is kept open to receivers."""
        self.checks.close()
        self.sender.client.close()

    def run(self) -> Summary:
        """Send what is due, for at most the time that a run may claim, and do the checks.

        While a check is under way, what becomes due is sent, too.
        """
        deadline = time.monotonic() + self.seconds
        try:
            summary = self._run(self.seconds)
            while not self.checks.wait(_LOOK_SECONDS) and time.monotonic() < deadline:
                summary = _added(summary, self._run(deadline - time.monotonic()))
        finally:
            self.checks.wait()
            self.sender.forget()
            self.metrics.flush()
        return summary

    def _run(self, seconds: float) -> Summary:
        longest = min(LONGEST_SECONDS, self.sender.timeout_seconds or LONGEST_SECONDS)
        book = BookWithChecks(CountingBook(self.book, self.metrics), self.checks)
        run = LaneRun(book, self.sender.send, self.senders, longest, LINGER_SECONDS)
        return run.run(seconds)


def _added(one: Summary, other: Summary) -> Summary:
    rows = Counter(one.rows) + Counter(other.rows)
    return Summary(dict(rows), one.requests + other.requests, one.halvings + other.halvings)


def waits_of(text: str) -> Sequence[float]:
    """The waits between tries, in seconds.

    Raises:
        SettingsError: it is no list of numbers.
    """
    try:
        waits = [float(part) for part in text.split(",")]
    except ValueError:
        waits = []
    if not waits or any(wait < 0 for wait in waits):
        raise SettingsError("RELAY_RETRY_SECONDS must be numbers of seconds, separated by commas")
    return waits


def limits_of(adapter: str, sender: Sender) -> Limits:
    """What a lane of this adapter may take, and how long its leases are."""
    return Limits(
        adapter_of(adapter).BATCH,
        partial(expires_at, adapter=adapter),
        sender.request_seconds(adapter) + LEASE_MARGIN_SECONDS,
        sender.split if adapter in _ONE_CLIENT else None,
    )
