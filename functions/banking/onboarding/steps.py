"""The steps of an onboarding: consumer, queues, user of the broker, key. Each may be repeated.

The secrets are the last step's, which needs a caller: until then the bank's user of the broker has a
password that nobody knows, and there is no key. So what is undone was never in anybody's hands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any
from uuid import UUID

from chalicelib.banking.broker import access
from chalicelib.banking.broker.settling import Settling
from chalicelib.banking.configuration import Configuration
from chalicelib.banking.consumer.keys import issue_key
from chalicelib.banking.events.topology import (
    EXCHANGE,
    dead_letter_queue_name,
    queue_name,
    queues,
)
from chalicelib.banking.tenants import ADMIN_ID, ADMIN_NAME
from chalicelib.banking.webhooks.choosing import choose
from chalicelib.banking.webhooks.models import DeliveryChoice
from fintegrate.access.derived_secrets import DerivedSecrets
from fintegrate.access.keys import ApiKeys
from fintegrate.database import Database, Row, UniqueViolation
from fintegrate.errors import Conflict, NotFound
from fintegrate.messaging.broker import BrokerUnavailable
from fintegrate.messaging.topology import QueueRefused, declare, existing
from fintegrate.queries import queries_beside
from fintegrate.saga import FailedForGood, NotNow, Step

SQL = queries_beside(__name__)
NAMES = {
    "queue": ("consumer", "queues", "broker_user", "key"),
    "webhook": ("consumer", "queues", "key"),
}
"""The steps of each kind of delivery, in order. Who is called has a queue, too: the kind may change."""
_OF_WEBHOOK = ("delivery", "url", "max_in_flight", "timeout_seconds")
TAKEN = "A consumer of this name was created meanwhile"
NO_USER_YET = "the broker has not made the bank's user yet"
USER_LEFT = "the broker has not removed the bank's user yet"
BROKER_SECONDS = 3.0
"""For each answer of the broker about queues."""


class OnboardingSteps:
    """The steps of one request's or one run's sagas.

    `told_by` is what the event of a new consumer says of its request: `source_service, traceparent,
    key_id, request_id`. Without a request nothing is told, because only a caller finishes an onboarding.
    """

    def __init__(
        self,
        database: Database,
        broker_access: Settling,
        keys: ApiKeys,
        settings: Configuration,
        webhook_secrets: Callable[[], DerivedSecrets],
        told_by: Mapping[str, Any],
    ) -> None:
        self._db = database
        self._broker_access = broker_access
        self._keys = keys
        self._settings = settings
        self._webhook_secrets = webhook_secrets
        self._told_by = told_by

    def of(self, onboarding: Row) -> list[Step]:
        """The steps of an onboarding, by its kind of delivery."""
        steps = {
            "consumer": Step("consumer", self._create, self._remove, inside=True),
            "queues": Step("queues", self._declare, self._remove_queues),
            "broker_user": Step("broker_user", self._make_user, self._remove_user),
            "key": Step("key", self._hand_over, inside=True, attended=True),
        }
        return [steps[name] for name in NAMES[onboarding["wanted"]["delivery"]]]

    def _create(self, onboarding: Row) -> None:
        wanted = {
            "consumer_id": onboarding["consumer_id"],
            "name": onboarding["consumer_name"],
            "display_name": onboarding["wanted"].get("display_name"),
            "message_format": onboarding["wanted"]["message_format"],
        }
        try:
            self._db.execute(SQL["create_consumer"], wanted)
        except UniqueViolation as error:
            raise FailedForGood(TAKEN) from error

    def _remove(self, onboarding: Row) -> None:
        self._db.execute(SQL["remove_consumer"], {"consumer_id": onboarding["consumer_id"]})

    def _declare(self, onboarding: Row) -> None:
        wanted = queues([onboarding["consumer_name"]])
        try:
            declare(self._settings.rabbitmq_url, EXCHANGE, wanted, BROKER_SECONDS)
        except QueueRefused as error:
            raise FailedForGood(f"the broker refuses the queues: {error}") from error
        except BrokerUnavailable as error:
            raise NotNow(f"the broker does not answer: {error}") from error

    def _remove_queues(self, onboarding: Row) -> None:
        """On a connection that one process has: who was frozen meanwhile removes nothing any more."""
        # Here, to spare other cold starts.
        from fintegrate.messaging.exclusive import ExclusiveConnection
        from fintegrate.messaging.publisher import parameters_of

        name, url = onboarding["consumer_name"], self._settings.rabbitmq_url
        try:
            left = existing(url, (queue_name(name), dead_letter_queue_name(name)), BROKER_SECONDS)
            if not left:
                return
            lock = f"onboarding_{name}"
            broker = ExclusiveConnection(parameters_of(url), lock, BROKER_SECONDS)
            with closing(broker):
                for queue in left:
                    broker.remove(queue, BROKER_SECONDS)
        except BrokerUnavailable as error:
            raise NotNow(f"the broker does not answer: {error}") from error

    def _make_user(self, onboarding: Row) -> None:
        consumer_id = onboarding["consumer_id"]
        if self._access_state(consumer_id) not in {"active", "pending"}:
            try:
                with self._db.transaction():
                    self._make_access(consumer_id)
            except (Conflict, NotFound) as error:
                raise FailedForGood(error.description) from error
        if self._settled(consumer_id) != "active":
            raise NotNow(NO_USER_YET)

    def _remove_user(self, onboarding: Row) -> None:
        consumer_id = onboarding["consumer_id"]
        if self._access_state(consumer_id) is None:
            return
        access.revoke_access(self._db, consumer_id)
        if self._settled(consumer_id) != "revoked":
            raise NotNow(USER_LEFT)

    def _hand_over(self, onboarding: Row) -> dict[str, Any]:
        """The key, the secret of its way, and the event for the admin. All in the note's transaction.

        Raises:
            Conflict: the consumer is deactivated.
        """
        consumer_id, key = onboarding["consumer_id"], self._keys.new()
        issue_key(
            self._db,
            consumer_id,
            key,
            rotate=False,
            overlap_minutes=0,
            expires_in_days=onboarding["wanted"]["expires_in_days"],
            cost=self._settings.api_key_bcrypt_cost,
            in_onboarding=True,
        )
        made = self._secret_of_way(consumer_id, onboarding["wanted"])
        told = {"consumer_id": consumer_id, "admin_id": ADMIN_ID, "admin_name": ADMIN_NAME}
        event = self._db.fetch_one(SQL["tell_the_admin"], {**told, **self._told_by})
        return {"api_key": self._keys.text(key), **made, "event": event}

    def _secret_of_way(self, consumer_id: str, wanted: Row) -> dict[str, Any]:
        """A new password for the bank's user of the broker, or what signs the calls."""
        if wanted["delivery"] == "queue":
            return {"broker_access": self._make_access(consumer_id)}
        way = {name: wanted[name] for name in _OF_WEBHOOK}
        choice = DeliveryChoice(consumer_id=UUID(consumer_id), **way)
        told = (self._webhook_secrets, str(self._told_by["request_id"]))
        chosen = choose(self._db, choice, *told, in_onboarding=True)
        return {"webhook_secret": chosen["secret"]}

    def _make_access(self, consumer_id: str) -> Row:
        url = self._settings.rabbitmq_url
        return access.make_access(self._db, consumer_id, url, rotate=True, in_onboarding=True)

    def _access_state(self, consumer_id: str) -> str | None:
        """The state of the bank's access; None if it never had any."""
        try:
            return str(access.read_access(self._db, consumer_id)["state"])
        except NotFound:
            return None

    def _settled(self, consumer_id: str) -> str:
        """The state of the access after a nudge and a short wait."""
        self._broker_access.settle(consumer_id)
        return str(self._access_state(consumer_id))
