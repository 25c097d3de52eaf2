"""Banking's wiring: makes the layer's parts from the configuration when they are first needed.

The import reads no environment and opens no connection. `endpoint` and `scheduled` are the decorators
of banking's endpoints and scheduled functions. `parts()` returns what one function process keeps.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.banking.broker.settling import Settling
from chalicelib.banking.configuration import SERVICE, Configuration
from chalicelib.banking.consumer.keys import find_key
from chalicelib.banking.consumer.revocations import Revocations
from chalicelib.banking.events import counters, late, outbox, redeliver, resend
from chalicelib.banking.events.counters import CountingSender, counting
from chalicelib.banking.events.message import compose
from chalicelib.banking.events.pauses import PausingSender
from chalicelib.banking.object_store import ObjectStore
from chalicelib.banking.onboarding.onboarding import Onboarding
from chalicelib.banking.onboarding.steps import OnboardingSteps
from chalicelib.banking.sessions import SQL as OF_SESSIONS
from chalicelib.banking.sessions import find_session
from chalicelib.banking.tenants import ADMIN_ID
from chalicelib.banking.webhooks.handing_over import HandingOver
from chalicelib.banking.webhooks.nudges import nudge
from fintegrate.access.by_api_key import ByApiKey, ByBearerKey
from fintegrate.access.by_session import BySession
from fintegrate.access.derived_secrets import DerivedSecrets
from fintegrate.access.key_ring import KeyRing
from fintegrate.access.keys import ApiKeys
from fintegrate.access.proofs import Proofs
from fintegrate.access.secret_verifier import SecretVerifier
from fintegrate.access.sessions import Sessions
from fintegrate.breaker import CircuitBreaker
from fintegrate.database import Database, Row
from fintegrate.http.audit import AuditLog
from fintegrate.http.endpoint import Endpoint, RequestParts, endpoints
from fintegrate.http.idempotency import IdempotencyKeys
from fintegrate.http.rate_limit import RateLimiter
from fintegrate.logs import configure_logging
from fintegrate.made_once import MadeOnce
from fintegrate.messaging.publisher import Publisher
from fintegrate.messaging.sender import RabbitSender
from fintegrate.metrics import OF_THE_LAYER
from fintegrate.metrics_store import Metrics
from fintegrate.outbox.outbox import Outbox
from fintegrate.outbox.sender import Sender
from fintegrate.outbox.sweep import Sweep
from fintegrate.outside_record import record_at
from fintegrate.queries import queries_beside
from fintegrate.redis_connection import RedisConnections
from fintegrate.schedule_runs import ScheduleRuns
from fintegrate.scheduled import schedules
from fintegrate.settings import load

if TYPE_CHECKING:
    from chalicelib.banking.webhooks.deliver import Delivery

SQL = queries_beside(__name__)
INACTIVE = "This consumer is deactivated; ask the operator to activate it"
BOUNDS = {"consumer": 100, "route": 80}
"""How many values these labels of `/metrics` may have."""


class Parts(NamedTuple):
    """The parts of one process.

    Sweeps have a database connection of their own, so that they can commit each batch while a request's
    transaction (for its idempotency key) is open.
    """

    settings: Configuration
    request: RequestParts
    publisher: Publisher
    redis: RedisConnections
    metrics: Metrics
    resend: Sweep
    late: Sweep
    redeliver: Sweep
    counting_sender: Callable[[str], CountingSender]
    """Makes the sender of one kind of work, which counts its attempts under this name."""
    sweep_database: Database
    declare_queues: Callable[[Sequence[Row]], None]
    broker_access: Settling
    revocations: Revocations
    object_store: ObjectStore
    webhook_secrets: Callable[[], DerivedSecrets]
    """Reads the ring of keys for the secrets of webhooks when it is first needed."""
    webhooks: Callable[[], Delivery]
    """Only the functions make it that call banks: it is the way out."""

    def nudge_webhooks(self) -> None:
        """Ask for a run of the webhooks. To be called after the commit of what it shall find."""
        nudge(self.publisher, self.settings.rabbitmq_url)

    @property
    def keys(self) -> ApiKeys:
        """Makes and reads API keys."""
        return ApiKeys(self.settings.api_key_check_secret)

    @property
    def sessions(self) -> Sessions:
        """The console's sessions."""
        return Sessions(self.request.database, OF_SESSIONS)

    @property
    def onboarding(self) -> Onboarding:
        """Brings the onboardings of banks on."""
        database, publish_new = self.request.database, self.request.publish_new
        assert publish_new is not None
        own = (self.broker_access, self.keys, self.settings, self.webhook_secrets)
        steps_for = partial(OnboardingSteps, database, *own)
        return Onboarding(database, steps_for, publish_new, self.broker_access.settle)

    def close(self) -> None:
        """Close this thread's connections; each reopens when needed."""
        self.request.database.close()
        self.sweep_database.close()
        self.publisher.close()
        self.redis.close()
        self.object_store.close()


parts = MadeOnce(lambda: build(os.environ))
"""This process's parts, made from the environment on first use."""
use = parts.use


def schedule_runs() -> ScheduleRuns:
    """Where the runs of the schedules are kept."""
    return ScheduleRuns(parts().request.database)


endpoint = endpoints(lambda: parts().request, Endpoint)
scheduled = schedules(lambda: parts().metrics, schedule_runs)


def build(environment: Mapping[str, str]) -> Parts:
    """Make the parts; opens no connection.

    Raises:
        SettingsError: a setting is missing.
    """
    settings = load(Configuration, environment)
    configure_logging(settings.log_level, SERVICE)
    database, sweep_database = (_database(settings, environment) for _ in range(2))
    breaker = CircuitBreaker(settings.breaker_failures, settings.breaker_open_seconds)
    publisher = Publisher(settings.rabbitmq_url, breaker)
    redis = RedisConnections(
        settings.redis_url,
        timeout_ms=settings.redis_timeout_ms,
        retry_seconds=settings.redis_retry_seconds,
    )
    metrics = _metrics(redis)
    seconds = settings.publish_timeout_ms / 1000
    declare = partial(outbox.declare_queues, settings.rabbitmq_url, seconds)
    sender = RabbitSender(publisher, compose, declare)
    counted = partial(_counted, sender, sweep_database, metrics)
    publish_new = _publish_new(settings, database, publisher, sender, metrics)
    revocations = Revocations(database, record_at(settings.record_secret_id))
    webhook_secrets = cache(partial(_webhook_secrets, environment))
    sweep = partial(Sweep, sweep_database, table=outbox.EVENTS, batch=settings.sweep_batch)
    return Parts(
        settings=settings,
        request=_request_parts(settings, database, redis, metrics, publish_new),
        publisher=publisher,
        redis=redis,
        metrics=metrics,
        resend=sweep(counted("resend"), statements=resend.SQL, listed=resend.LISTED),
        late=sweep(counted("late"), statements=late.SQL, listed=resend.LISTED),
        redeliver=sweep(counted("redeliver"), statements=redeliver.SQL, listed=redeliver.LISTED),
        counting_sender=counted,
        sweep_database=sweep_database,
        declare_queues=declare,
        broker_access=Settling(database, publisher, revocations, settings),
        revocations=revocations,
        webhook_secrets=webhook_secrets,
        webhooks=MadeOnce(partial(_webhooks, settings, sweep_database, webhook_secrets, metrics)),
        object_store=ObjectStore(settings),
    )


def _metrics(redis: RedisConnections) -> Metrics:
    return Metrics(
        redis,
        (*OF_THE_LAYER, *counters.COUNTED),
        prefix=SERVICE,
        namespace="banking",
        bounds=BOUNDS,
    )


def _request_parts(
    settings: Configuration,
    database: Database,
    redis: RedisConnections,
    metrics: Metrics,
    publish_new: Callable[[Row, float], None],
) -> RequestParts:
    by_key = _by_api_key(settings, database, redis)
    return RequestParts(
        database=database,
        schemes={"ApiKey": by_key, "Session": _by_session(database)},
        rate_limiter=RateLimiter(
            redis,
            metrics,
            per_minute=settings.rate_limit_api_key_per_minute,
            burst=settings.rate_limit_api_key_burst,
        ),
        metrics=metrics,
        audit=AuditLog(
            database,
            metrics,
            redis,
            statements=SQL,
            refusals_per_minute=settings.audit_refusals_per_minute,
        ),
        idempotency_keys=IdempotencyKeys(database, SQL),
        max_body_bytes=settings.max_body_bytes,
        publish_new=publish_new,
        session_limiter=RateLimiter(
            redis,
            metrics,
            per_minute=settings.rate_limit_session_per_minute,
            burst=settings.rate_limit_session_burst,
            subject="session",
            layer="session",
            kind="session_rate_limit",
        ),
        further_schemes={"BearerKey": ByBearerKey(by_key)},
        admins_only="This endpoint is the admin's; use an endpoint of your own consumer",
    )


def _by_session(database: Database) -> BySession:
    find = partial(find_session, database)
    return BySession(find, admin_id=ADMIN_ID, owner_inactive=INACTIVE)


def _by_api_key(settings: Configuration, database: Database, redis: RedisConnections) -> ByApiKey:
    keys = ApiKeys(settings.api_key_check_secret)
    verifier = SecretVerifier(
        settings.api_key_wrong_secrets_per_minute,
        settings.api_key_unsigned_secrets_per_minute,
        cost=settings.api_key_bcrypt_cost,
        redis=redis,
        proofs=Proofs(redis, keys),
    )
    return ByApiKey(
        partial(find_key, database),
        keys,
        verifier,
        admin_id=ADMIN_ID,
        owner_inactive=INACTIVE,
    )


def _database(settings: Configuration, environment: Mapping[str, str]) -> Database:
    return Database(
        settings.database_url,
        connect_timeout_seconds=settings.database_connect_timeout_seconds,
        statement_timeout_ms=settings.database_statement_timeout_ms,
        lock_timeout_ms=settings.database_lock_timeout_ms,
        options=settings.database_options,
        renewed_url=lambda: load(Configuration, environment).database_url,
    )


def _outbox(settings: Configuration, database: Database, sender: Sender) -> Outbox:
    return Outbox(
        database,
        sender,
        outbox.EVENTS,
        outbox.SQL,
        publish_seconds=settings.publish_timeout_ms / 1000,
        handoff_seconds=settings.publish_handoff_seconds,
    )


def _counted(sender: Sender, database: Database, metrics: Metrics, by: str) -> CountingSender:
    """The sender of one kind of work on the sweeps' connection."""
    return CountingSender(HandingOver(sender, database, by), metrics, by)


def _publish_new(
    settings: Configuration,
    database: Database,
    publisher: Publisher,
    sender: Sender,
    metrics: Metrics,
) -> Callable[[Row, float], None]:
    """Publishes a handler's event; of one for a bank that is called it only says that it is there."""
    sparing = PausingSender(sender, settings.publish_probe_seconds)
    own = _outbox(settings, database, CountingSender(sparing, metrics, "request"))

    def publish(event: Row, written_after: float) -> None:
        if event.get("by_webhook"):
            nudge(publisher, settings.rabbitmq_url)
        else:
            own.publish_new(event, written_after)

    return counting(publish, metrics)


def _webhook_secrets(environment: Mapping[str, str]) -> DerivedSecrets:
    def ring() -> str:
        return load(Configuration, environment).webhook_keys

    return DerivedSecrets(KeyRing("WEBHOOK_KEYS", ring(), ring))


def _webhooks(
    settings: Configuration,
    database: Database,
    secrets: Callable[[], DerivedSecrets],
    metrics: Metrics,
) -> Delivery:
    from chalicelib.banking.webhooks.deliver import Delivery  # here, to spare other cold starts

    return Delivery.of(settings, database, secrets(), metrics)
