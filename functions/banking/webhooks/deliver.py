"""A run of the webhooks: every bank that is called gets what is due, none at another's cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chalicelib.banking.configuration import Configuration
from chalicelib.banking.webhooks.book import LONGEST_SECONDS, Calls, Patience
from chalicelib.banking.webhooks.counting import CountedCalls
from chalicelib.banking.webhooks.sending import Sender
from fintegrate.access.derived_secrets import DerivedSecrets
from fintegrate.database import Database
from fintegrate.metrics_store import Metrics
from fintegrate.outbox.lanes import LaneRun, Summary
from fintegrate.outgoing.client import Client
from fintegrate.outgoing.urls import allowed_hosts
from fintegrate.settings import SettingsError

LINGER_SECONDS = 10.0
"""A run waits so long for what becomes due: the next run may begin in a minute only."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a process keeps that calls banks: its book and its one way out."""

    book: Calls
    sender: Sender
    metrics: Metrics
    senders: int
    seconds: int

    @classmethod
    def of(
        cls, settings: Configuration, database: Database, derived: DerivedSecrets, metrics: Metrics
    ) -> Delivery:
        """Make the parts from the settings.

        Raises:
            SettingsError: WEBHOOK_ALLOW_HOSTS or WEBHOOK_RETRY_SECONDS cannot be read, or hosts are
                allowed on another stage than `local`.
        """
        allowed = allowed_hosts(settings.webhook_allow_hosts, settings.stage, "WEBHOOK_ALLOW_HOSTS")
        patience = Patience(
            waits_of(settings.webhook_retry_seconds),
            settings.publish_max_tries,
            settings.redeliver_first_wait_seconds,
            settings.redeliver_longest_wait_seconds,
        )
        return cls(
            CountedCalls(database, patience, metrics),
            Sender(Client(allowed), derived),
            metrics,
            settings.webhook_senders,
            settings.webhook_deliver_seconds,
        )

    def close(self) -> None:
        """Close what is kept open to banks."""
        self.sender.client.close()

    def run(self) -> Summary:
        """Send what is due, and what becomes due, for at most the time that a run may claim."""
        book = replace(self.book)  # each run has leases of its own
        run = LaneRun(book, self.sender.send, self.senders, LONGEST_SECONDS, LINGER_SECONDS)
        try:
            return run.run(self.seconds)
        finally:
            self.metrics.flush()


def waits_of(text: str) -> Sequence[float]:
    """The waits between the tries of an event, in seconds.

    Raises:
        SettingsError: it is no list of numbers.
    """
    try:
        waits = [float(part) for part in text.split(",")]
    except ValueError:
        waits = []
    if not waits or any(not 0 <= wait < float("inf") for wait in waits):
        raise SettingsError("WEBHOOK_RETRY_SECONDS must be numbers of seconds, separated by commas")
    return waits
