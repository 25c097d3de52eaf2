"""The wiring of app.events: makes the layer's parts from the configuration when they are first needed.

The import reads no environment and opens no connection. `endpoint_of` makes the decorator of a service's
endpoints, `scheduled` is that of the scheduled functions, and `inbox` gives a service's inbox. A process
makes the parts of the services that it serves.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, NamedTuple

from chalicelib.appevents import outbox, topology
from chalicelib.appevents.access import API_KEY, BEARER, PASS, keys_at, passes_of, schemes_of
from chalicelib.appevents.configuration import SERVICE, Configuration
from chalicelib.appevents.consuming import SQL, Consuming, Handler
from chalicelib.appevents.counters import BATCH_SECONDS, COUNTED, SETTLED
from chalicelib.appevents.envelope import Event, compose
from chalicelib.appevents.event_log import tell_of
from chalicelib.appevents.events.catalogue import CLIENT
from chalicelib.appevents.notification import outbox as told
from chalicelib.appevents.sealed_fields import SealedFields
from fintegrate.access.by_token import Keys
from fintegrate.access.caller import Scheme
from fintegrate.access.key_ring import KeyRing
from fintegrate.access.sealing import Sealing
from fintegrate.breaker import CircuitBreaker
from fintegrate.database import Database
from fintegrate.http.audit import AuditLog
from fintegrate.http.cors import read_origins
from fintegrate.http.endpoint import Access, Endpoint, RequestParts, endpoints
from fintegrate.http.rate_limit import RateLimiter
from fintegrate.logs import configure_logging
from fintegrate.made_once import MadeOnce
from fintegrate.messaging.inbox import Inbox
from fintegrate.messaging.publisher import Publisher
from fintegrate.messaging.queue_function import batch_function
from fintegrate.messaging.sender import RabbitSender
from fintegrate.metrics import OF_THE_LAYER
from fintegrate.metrics_store import Metrics
from fintegrate.outbox.outbox import Outbox
from fintegrate.outbox.sweep import Sweep
from fintegrate.outbox.table import OutboxTable
from fintegrate.redis_connection import RedisConnections
from fintegrate.schedule_runs import ScheduleRuns
from fintegrate.scheduled import schedules
from fintegrate.settings import SettingsError, load

SETTINGS = {
    "notification": "notify_database_url",
    "video": "video_database_url",
    "settings": "settings_database_url",
    "program": "program_database_url",
    "dm": "dm_database_url",
    "machine": "machine_database_url",
}
"""The setting of each service's database."""


class ServiceParts(NamedTuple):
    """What one service has in a process."""

    request: RequestParts
    outbox: Outbox
    sweep: Sweep
    sweep_database: Database


class Parts(NamedTuple):
    """The parts of one process."""

    settings: Configuration
    publisher: Publisher
    redis: RedisConnections
    metrics: Metrics
    service: Callable[[str], ServiceParts]
    """Made when it is first needed.

    Raises:
        SettingsError: this process has not the service's database.
    """
    events: Callable[[], tuple[Outbox, Sweep]]
    """The outbox of what clients tell, and its sweep."""
    sealed: SealedFields
    """Seals and opens the secret fields of events."""
    sealing: Callable[[], Sealing]
    """With the ring of APP_KEYS.

    Raises:
        SettingsError: the setting is missing, or cannot be read.
    """
    feed_keys: Callable[[], Keys]
    """The public keys of feed access tokens."""
    beside: Callable[[str], Database]
    """A further connection to a service's database, for what is committed by itself.

    Raises:
        SettingsError: this process has not the service's database.
    """
    audit: Callable[[], AuditLog]
    """Of what operators do, in the database of the notification service.

    Raises:
        SettingsError: this process has not that database.
    """
    made: list[Database]

    def close(self) -> None:
        """Close this thread's connections; each reopens when needed."""
        for database in self.made:
            database.close()
        self.publisher.close()
        self.redis.close()


parts = MadeOnce(lambda: build(os.environ))
"""This process's parts, made from the environment on first use."""
use = parts.use


def schedule_runs() -> ScheduleRuns:
    """Where the runs of the schedules are kept."""
    return ScheduleRuns(parts().service("notification").request.database)


def request_parts(service: str = "notification") -> RequestParts:
    """The parts of a process that answers a service's requests.

    Raises:
        SettingsError: nobody may call.
    """
    own = parts().service(service).request
    if BEARER not in own.schemes:
        raise SettingsError("JWT_ISSUER is not set, so nobody could call")
    if not parts().settings.app_keys:
        raise SettingsError("APP_KEYS is not set, so no secret could be sealed")
    return own


def operators_parts() -> RequestParts:
    """The same for operators: only what they do, and what is refused to them, is in the audit log.

    Raises:
        SettingsError: nobody may call.
    """
    return request_parts()._replace(audit=parts().audit())


scheduled = schedules(lambda: parts().metrics, schedule_runs)


def endpoint_of(service: str) -> Callable[..., Callable[..., object]]:
    """The decorator of a service's endpoints. No `Idempotency-Key` is taken: an event has an id."""
    made = partial(Endpoint, idempotency=False, schemes=(BEARER,))
    return endpoints(partial(request_parts, service), made)


admin_endpoint = endpoints(
    operators_parts,
    partial(
        Endpoint, idempotency=False, access=Access.ADMIN, schemes=(API_KEY, BEARER), also=(PASS,)
    ),
)
"""The decorator of the operators' endpoints. A user is known there, and refused."""


def _batch_ended(queue: str, seconds: float) -> None:
    """Send what was counted: the process may be frozen, or never run again."""
    metrics = parts().metrics
    metrics.observe(BATCH_SECONDS, queue.removeprefix("app."), value=seconds)
    metrics.flush()


consumes = partial(batch_function, broker="APP_RABBITMQ_URL", ended=_batch_ended)
"""The decorator of a service's queue function, as `fintegrate.messaging.queue_function` describes it."""


def inbox(service: str, handlers: Mapping[str, Handler], queue: str = "") -> Inbox[Event[Any]]:
    """The inbox of a service, whose handlers these are; its queue has its name, or this one."""
    queue = queue or service
    own = parts()
    database = own.service(service).request.database
    consuming = Consuming(service, database, handlers)
    return Inbox(
        database,
        own.publisher,
        topology.queues_of(queue, own.settings),
        SQL,
        consuming.read,
        consuming.apply,
        consuming.reject,
        own.service(service).outbox.publish_together,
        partial(topology.declare_queues, own.settings),
        lambda step, count: own.metrics.count(SETTLED, queue, step, by=count),
        partial(tell_of, queue),
    )


def build(environment: Mapping[str, str]) -> Parts:
    """Make the parts; opens no connection.

    Raises:
        SettingsError: a setting is missing, or cannot be read.
    """
    settings = load(Configuration, environment)
    read_origins("CORS_ORIGINS", settings.cors_origins)  # the gateway and the layer read it, too
    configure_logging(settings.log_level, SERVICE)
    breaker = CircuitBreaker(settings.breaker_failures, settings.breaker_open_seconds)
    redis = RedisConnections(
        settings.redis_url,
        timeout_ms=settings.redis_timeout_ms,
        retry_seconds=settings.redis_retry_seconds,
    )
    metrics = Metrics(
        redis,
        (*OF_THE_LAYER, *COUNTED),
        prefix=SERVICE,
        namespace="appevents",
        bounds={"route": 80, "event_type": 80},
    )
    publisher = Publisher(settings.app_rabbitmq_url, breaker, "APP_RABBITMQ_URL")
    made: list[Database] = []
    connect = partial(_database, settings, environment, made)
    schemes = cache(partial(schemes_of, settings))
    sealing = cache(partial(_sealing, environment))
    service = cache(partial(_service, settings, publisher, redis, metrics, connect, schemes))
    return Parts(
        settings=settings,
        publisher=publisher,
        redis=redis,
        metrics=metrics,
        service=service,
        events=cache(lambda: _events(settings, publisher, service("notification"))),
        sealed=SealedFields(sealing),
        sealing=sealing,
        feed_keys=_feed_keys(settings, service, sealing),
        beside=cache(connect),
        audit=cache(lambda: AuditLog(service("notification").request.database, metrics, redis)),
        made=made,
    )


def _service(
    settings: Configuration,
    publisher: Publisher,
    redis: RedisConnections,
    metrics: Metrics,
    connect: Callable[[str], Database],
    schemes: Callable[[], Mapping[str, Scheme]],
    name: str,
) -> ServiceParts:
    database, sweep_database = connect(name), connect(name)
    sender = _sender(settings, publisher, name)
    limiter = RateLimiter(
        redis,
        metrics,
        per_minute=settings.app_rate_limit_user_per_minute,
        burst=settings.app_rate_limit_user_burst,
        subject="user",
        layer="user",
        kind="app_rate_limit",
    )
    return ServiceParts(
        request=RequestParts(
            database=database,
            schemes=schemes(),
            rate_limiter=limiter,
            metrics=metrics,
            audit=None,
            idempotency_keys=None,
            max_body_bytes=settings.app_max_body_bytes,
            further_schemes=passes_of(settings),
        ),
        outbox=_outbox(settings, database, sender, outbox.TABLE, outbox.SQL),
        sweep=Sweep(
            sweep_database, sender, outbox.TABLE, outbox.SQL, {}, batch=settings.app_sweep_batch
        ),
        sweep_database=sweep_database,
    )


def _outbox(
    settings: Configuration,
    database: Database,
    sender: RabbitSender,
    table: OutboxTable,
    statements: Mapping[str, str],
) -> Outbox:
    return Outbox(
        database,
        sender,
        table,
        statements,
        publish_seconds=settings.publish_timeout_ms / 1000,
        handoff_seconds=settings.publish_handoff_seconds,
    )


def _events(
    settings: Configuration, publisher: Publisher, service: ServiceParts
) -> tuple[Outbox, Sweep]:
    sender = _sender(settings, publisher, CLIENT)
    own = _outbox(settings, service.request.database, sender, told.TABLE, told.SQL)
    sweep = Sweep(
        service.sweep_database, sender, told.TABLE, told.SQL, {}, batch=settings.app_sweep_batch
    )
    return own, sweep


def _sender(settings: Configuration, publisher: Publisher, source_service: str) -> RabbitSender:
    return RabbitSender(
        publisher,
        partial(compose, source_service=source_service),
        lambda _rows: topology.declare_queues(settings),
    )


def _sealing(environment: Mapping[str, str]) -> Sealing:
    def ring() -> str:
        return load(Configuration, environment).app_keys

    return Sealing(KeyRing("APP_KEYS", ring(), ring))


def _feed_keys(
    settings: Configuration,
    service: Callable[[str], ServiceParts],
    sealing: Callable[[], Sealing],
) -> Callable[[], Keys]:
    """A wrong address is refused now, and not by an answer."""
    if settings.feed_access_jwks_url:
        there = keys_at(settings.feed_access_jwks_url, settings.stage, "FEED_ACCESS_JWKS_URL")
        return lambda: there
    return cache(partial(_own_feed_keys, settings, service, sealing))


def _own_feed_keys(
    settings: Configuration,
    service: Callable[[str], ServiceParts],
    sealing: Callable[[], Sealing],
) -> Keys:
    """The API answers for both services, so it takes the set in its own process (decision 0047)."""
    from chalicelib.appevents.settings.signing_keys import public_keys
    from fintegrate.access.key_sets import NoKeys, keys_shown

    def show() -> str:
        database = service("settings").request.database
        return json.dumps(public_keys(database, sealing(), settings.feed_access_seconds))

    return keys_shown(show) if settings.settings_database_url else NoKeys()


def _database(
    settings: Configuration, environment: Mapping[str, str], made: list[Database], service: str
) -> Database:
    name = SETTINGS[service]
    url = getattr(settings, name)
    if not url:
        raise SettingsError(f"{name.upper()} is not set: this function does not serve {service}")
    database = Database(
        url,
        connect_timeout_seconds=settings.database_connect_timeout_seconds,
        statement_timeout_ms=settings.database_statement_timeout_ms,
        lock_timeout_ms=settings.database_lock_timeout_ms,
        options=settings.database_options,
        renewed_url=lambda: str(getattr(load(Configuration, environment), name)),
        setting=name.upper(),
        application=f"{SERVICE}_{service}",
    )
    made.append(database)
    return database
