"""The relay's wiring: makes the layer's parts from the configuration when they are first needed.

The import reads no environment and opens no connection. `endpoint` and `scheduled` are the decorators
of the relay's endpoints and scheduled functions. `parts()` returns what one function process keeps.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel

from chalicelib.relay.configuration import SERVICE, Configuration
from chalicelib.relay.counters import BOUNDS, COUNTED
from chalicelib.relay.delivery.nudges import nudge
from fintegrate.access.by_password import ByPassword
from fintegrate.access.caller import Scheme
from fintegrate.access.key_ring import KeyRing
from fintegrate.access.passes import ByPass, Passes
from fintegrate.access.proofs import Proofs
from fintegrate.access.sealing import Sealing
from fintegrate.access.users import read_users
from fintegrate.breaker import CircuitBreaker
from fintegrate.database import Database
from fintegrate.http.audit import AuditLog
from fintegrate.http.endpoint import Access, Endpoint, RequestParts, endpoints
from fintegrate.http.rate_limit import RateLimiter
from fintegrate.logs import configure_logging
from fintegrate.made_once import MadeOnce
from fintegrate.messaging.publisher import Publisher
from fintegrate.metrics import OF_THE_LAYER
from fintegrate.metrics_store import Metrics
from fintegrate.redis_connection import RedisConnections
from fintegrate.schedule_runs import ScheduleRuns
from fintegrate.scheduled import schedules
from fintegrate.settings import SettingsError, load

if TYPE_CHECKING:
    from chalicelib.relay.delivery.deliver import Delivery

ROLES = ("ingest", "admin")


class Parts(NamedTuple):
    """The parts of one process."""

    settings: Configuration
    request: RequestParts
    publisher: Publisher
    redis: RedisConnections
    metrics: Metrics
    sealing: Callable[[], Sealing]
    """Reads the ring of keys when it is first needed."""
    batch_database: Database
    """For work in batches that commit one by one, while the request's transaction stands."""
    delivery: Callable[[], Delivery]
    """Only the delivering functions make it: it is the way out."""

    def nudge(self) -> None:
        """Ask for a run of the delivery. To be called after the commit of what it shall find."""
        nudge(self.publisher, self.settings, self.metrics)

    def close(self) -> None:
        """Close this thread's connections; each reopens when needed."""
        self.request.database.close()
        self.batch_database.close()
        self.publisher.close()
        self.redis.close()


parts = MadeOnce(lambda: build(os.environ))
"""This process's parts, made from the environment on first use."""
use = parts.use


def schedule_runs() -> ScheduleRuns:
    """Where the runs of the schedules are kept."""
    return ScheduleRuns(parts().request.database)


def request_parts() -> RequestParts:
    """The parts of a process that answers requests.

    Raises:
        SettingsError: nobody may call.
    """
    own = parts().request
    if not own.schemes:
        raise SettingsError("RELAY_USERS is not set, so nobody could call")
    return own


def _spec(takes: type[BaseModel], **more: Any) -> Endpoint:
    also = ("Pass",) if more.get("access") is Access.ADMIN else ()
    return Endpoint(takes, idempotency=False, also=also, **more)


endpoint = endpoints(request_parts, _spec)
"""No `Idempotency-Key` is taken: a batch is safe to repeat, and an admin sees what there is.
Admins' endpoints take the console's passes, too."""
scheduled = schedules(lambda: parts().metrics, schedule_runs)


def build(environment: Mapping[str, str]) -> Parts:
    """Make the parts; opens no connection.

    Raises:
        SettingsError: a setting is missing.
    """
    settings = load(Configuration, environment)
    configure_logging(settings.log_level, SERVICE)
    database, batch_database = (_database(settings, environment) for _ in range(2))
    breaker = CircuitBreaker(settings.breaker_failures, settings.breaker_open_seconds)
    redis = RedisConnections(
        settings.redis_url,
        timeout_ms=settings.redis_timeout_ms,
        retry_seconds=settings.redis_retry_seconds,
    )
    metrics = _metrics(redis)
    sealing = cache(partial(_sealing, environment))
    return Parts(
        settings=settings,
        request=_request_parts(settings, database, redis, metrics),
        publisher=Publisher(settings.rabbitmq_url, breaker),
        redis=redis,
        metrics=metrics,
        sealing=sealing,
        batch_database=batch_database,
        delivery=cache(partial(_delivery, settings, database, sealing, metrics)),
    )


def _metrics(redis: RedisConnections) -> Metrics:
    bounds = {"route": 80, **BOUNDS}
    families = (*OF_THE_LAYER, *COUNTED)
    return Metrics(redis, families, prefix=SERVICE, namespace="relay", bounds=bounds)


def _database(settings: Configuration, environment: Mapping[str, str]) -> Database:
    return Database(
        settings.relay_database_url,
        connect_timeout_seconds=settings.database_connect_timeout_seconds,
        statement_timeout_ms=settings.database_statement_timeout_ms,
        lock_timeout_ms=settings.database_lock_timeout_ms,
        options=settings.database_options,
        renewed_url=lambda: load(Configuration, environment).relay_database_url,
        setting="RELAY_DATABASE_URL",
        application=SERVICE,
    )


def _schemes(settings: Configuration, redis: RedisConnections) -> Mapping[str, Scheme]:
    """Without users there are none: the functions that serve no request do not know who may call."""
    if not settings.relay_users:
        return {}
    users = read_users("RELAY_USERS", settings.relay_users, ROLES)
    proofs = Proofs(redis, users, "relay_user_proof")
    basic = ByPassword(users, realm="relay", admin_role="admin", redis=redis, proofs=proofs)
    return {"Basic": basic}


def _passes(settings: Configuration) -> Mapping[str, Scheme]:
    """The scheme of the console's operators."""
    if not settings.console_pass_key:
        return {}
    passes = Passes("CONSOLE_PASS_KEY", settings.console_pass_key)
    return {"Pass": ByPass(passes, "relay", role="admin")}


def _request_parts(
    settings: Configuration, database: Database, redis: RedisConnections, metrics: Metrics
) -> RequestParts:
    return RequestParts(
        database=database,
        schemes=_schemes(settings, redis),
        rate_limiter=RateLimiter(
            redis,
            metrics,
            per_minute=settings.relay_rate_limit_per_minute,
            burst=settings.relay_rate_limit_per_minute,
            subject="user",
            layer="user",
            kind="relay_rate_limit",
        ),
        metrics=metrics,
        audit=AuditLog(database, metrics, redis),
        idempotency_keys=None,
        max_body_bytes=settings.relay_max_body_bytes,
        further_schemes=_passes(settings),
        admins_only="This endpoint is for users with the role admin",
    )


def _sealing(environment: Mapping[str, str]) -> Sealing:
    def ring() -> str:
        return load(Configuration, environment).relay_keys

    return Sealing(KeyRing("RELAY_KEYS", ring(), ring))


def _delivery(
    settings: Configuration, database: Database, sealing: Callable[[], Sealing], metrics: Metrics
) -> Delivery:
    from chalicelib.relay.delivery.deliver import Delivery  # here, to spare other cold starts
    from chalicelib.relay.ledger.health import say_missing_keys

    say_missing_keys(database, sealing())
    return Delivery.of(settings, database, sealing(), metrics)
