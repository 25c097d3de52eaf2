"""What a request that changed a bank's access does after its commit: it has it brought about."""

from __future__ import annotations

from chalicelib.banking.broker.access import wait_until_settled
from chalicelib.banking.broker.nudges import nudge
from chalicelib.banking.configuration import Configuration
from chalicelib.banking.consumer.revocations import Revocations
from fintegrate.database import Database, Row
from fintegrate.messaging.publisher import Publisher


class Settling:
    """Asks `broker_admin` and waits a little, so that the usual answer is final already."""

    def __init__(
        self,
        database: Database,
        publisher: Publisher,
        revocations: Revocations,
        settings: Configuration,
    ) -> None:
        self._database = database
        self._revocations = revocations
        self._publisher = publisher
        self._url = settings.rabbitmq_url
        self._publish_seconds = settings.publish_timeout_ms / 1000
        self._wait_seconds = settings.broker_access_wait_ms / 1000

    def settle(self, consumer_id: str, answer: Row | None = None) -> None:
        """Nudge and wait; the answer's `state` then says how far it came. Keep the record, too."""
        if nudge(self._publisher, self._url, self._publish_seconds, "settle"):
            state = wait_until_settled(self._database, consumer_id, self._wait_seconds)
            if answer is not None:
                answer["state"] = state
        self._revocations.keep_now()
