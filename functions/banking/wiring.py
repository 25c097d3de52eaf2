"""The only wiring: what the layer's parts are made of in Fintegrate, built when first needed.

Nothing is read from the environment and no connection is opened at import. `endpoint` is the
decorator of every endpoint of this system; `parts()` is what one function process keeps.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from pydantic import BaseModel

from chalicelib.banking.consumer.keys import find_key
from chalicelib.banking.events.outbox import outbox_shape
from chalicelib.banking.events.sweeps import REDELIVER, RESEND
from chalicelib.banking.tenants import ADMIN_ID
from fintegrate.access.by_api_key import Authenticator
from fintegrate.access.keys import SecretVerifier
from fintegrate.breaker import CircuitBreaker
from fintegrate.database import Database, Row
from fintegrate.http.audit import AuditLog
from fintegrate.http.endpoint import Access, Endpoint, Handler, RequestParts, View
from fintegrate.http.endpoint import endpoint as endpoint_of
from fintegrate.http.rate_limit import RateLimiter
from fintegrate.logs import configure_logging
from fintegrate.messaging.publisher import Publisher
from fintegrate.outbox.outbox import Outbox, OutboxShape
from fintegrate.outbox.sweep import Sweep
from fintegrate.settings import Settings, load_settings


class Parts(NamedTuple):
    """The parts of one process. The sweeps have a database of their own, so that they can commit
    batch by batch while a request's transaction (its idempotency key) is open."""

    request: RequestParts
    publisher: Publisher
    resend: Sweep
    redeliver: Sweep
    sweep_database: Database
    declare_queues: Callable[[Sequence[Row]], None]

    @property
    def settings(self) -> Settings:
        """The configuration that all parts were made from."""
        return self.request.settings

    def close(self) -> None:
        """Close this thread's connections; each is opened again when needed."""
        self.request.database.close()
        self.sweep_database.close()
        self.publisher.close()
        self.request.rate_limiter.close()


_lock = threading.Lock()
_parts: Parts | None = None


def parts() -> Parts:
    """This process's parts, made from the environment on first use."""
    global _parts  # noqa: PLW0603 - one per process is the point
    if _parts is None:
        with _lock:
            if _parts is None:
                _parts = build(os.environ)
    return _parts


def use(replacement: Parts | None) -> None:
    """Replace this process's parts; None makes the next use build a new one."""
    global _parts  # noqa: PLW0603 - as above
    _parts = replacement


def endpoint(
    takes: type[BaseModel],
    *,
    gives: type[Mapping[str, object]] | None = None,
    status: int = 200,
    access: Access = Access.TENANT,
    transaction: bool = False,
    idempotency: bool = True,
    media_type: str | None = None,
) -> Callable[[Handler], View]:
    """The decorator of this system's endpoints; the arguments are those of the layer's `Endpoint`."""
    spec = Endpoint(takes, gives, status, access, transaction, idempotency, media_type)
    return endpoint_of(lambda: parts().request, spec)


def build(environment: Mapping[str, str]) -> Parts:
    """Make the parts; opens no connection.

    Raises:
        SettingsError: a setting is missing.
    """
    settings = load_settings(environment)
    configure_logging(settings.log_level)
    database, sweep_database = (_database(settings, environment) for _ in range(2))
    breaker = CircuitBreaker(settings.breaker_failures, settings.breaker_open_seconds)
    publisher = Publisher(settings.rabbitmq_url, breaker)
    shape = outbox_shape(settings.rabbitmq_url, settings.publish_timeout_ms / 1000)
    sweep_outbox = _outbox(settings, sweep_database, publisher, shape)
    request = RequestParts(
        settings=settings,
        database=database,
        authenticator=Authenticator(
            partial(find_key, database),
            SecretVerifier(settings.api_key_wrong_secrets_per_minute),
            ADMIN_ID,
        ),
        rate_limiter=_rate_limiter(settings),
        audit=AuditLog(database),
        outbox=_outbox(settings, database, publisher, shape),
    )
    batch = settings.sweep_batch
    return Parts(
        request=request,
        publisher=publisher,
        resend=Sweep(sweep_database, sweep_outbox, RESEND, "publish_try_count", batch),
        redeliver=Sweep(sweep_database, sweep_outbox, REDELIVER, "deliver_try_count", batch),
        sweep_database=sweep_database,
        declare_queues=shape.declare,
    )


def _database(settings: Settings, environment: Mapping[str, str]) -> Database:
    return Database(
        settings.database_url,
        settings.database_connect_timeout_seconds,
        settings.database_statement_timeout_ms,
        settings.database_lock_timeout_ms,
        settings.database_options,
        lambda: load_settings(environment).database_url,
    )


def _outbox(
    settings: Settings, database: Database, publisher: Publisher, shape: OutboxShape
) -> Outbox:
    return Outbox(
        database,
        publisher,
        shape,
        settings.publish_timeout_ms / 1000,
        settings.publish_handoff_seconds,
    )


def _rate_limiter(settings: Settings) -> RateLimiter:
    return RateLimiter(
        settings.redis_url,
        settings.rate_limit_api_key_per_minute,
        settings.rate_limit_api_key_burst,
        settings.redis_timeout_ms,
        settings.redis_retry_seconds,
    )
