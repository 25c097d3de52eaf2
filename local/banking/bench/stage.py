"""Where measurements take place: databases of their own, five tenants, their queues.

The tenants are onboarded once, in a template; each measurement works on a fresh copy of it. Queues
hold at most 100,000 messages by the contract, so whoever publishes empties them afterwards.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chalicelib.banking import wiring
from chalicelib.banking.events.topology import queue_name
from chalicelib.banking.wiring import Parts
from chalicelib.operations.migrate import apply_migrations
from local.banking.bench.api import post_with
from local.banking.client import Tenant, onboard
from local.banking.tenant_queues import remove_queues
from local.services.amqp import channel_on
from local.services.databases import create_database, drop_database
from local.services.settings import settings_environment
from local.services.urls import ServiceUrls

TEMPLATE = "bench_fintegrate"
TENANTS = 5
SETTINGS = {
    "LOG_LEVEL": "ERROR",
    "RATE_LIMIT_API_KEY_PER_MINUTE": "6000000",
    "RATE_LIMIT_API_KEY_BURST": "1000000",
    "API_KEY_BCRYPT_COST": "4",  # the first check of a key is no part of any figure
}


@dataclass(frozen=True, slots=True)
class Stage:
    """One database with its parts, which are also the process's, so the handlers use it."""

    database_url: str
    parts: Parts
    tenants: list[Tenant]

    @property
    def rabbitmq_url(self) -> str:
        return self.parts.settings.rabbitmq_url

    def empty_queues(self) -> None:
        """Remove what was published."""
        with channel_on(self.rabbitmq_url) as channel:
            for tenant in self.tenants:
                channel.queue_purge(queue_name(tenant.name))


class Theatre:
    """The template and its tenants; `stage` opens copies of it."""

    def __init__(self, urls: ServiceUrls) -> None:
        self.urls = urls
        self.tenants: list[Tenant] = []

    def __enter__(self) -> Theatre:
        with _parts(create_database(self.urls, TEMPLATE), self.urls) as parts:
            apply_migrations(os.environ)
            post = post_with(parts.settings.admin_api_key)
            names = [f"bench_{uuid.uuid4().hex[:8]}" for _ in range(TENANTS)]
            self.tenants = [onboard(post, name) for name in names]
        return self

    def __exit__(self, *_: object) -> None:
        remove_queues(self.urls.rabbitmq_url, [tenant.name for tenant in self.tenants])
        drop_database(self.urls, TEMPLATE)

    @contextmanager
    def stage(self, name: str = "") -> Iterator[Stage]:
        """A fresh copy for the block; stages that are open at once need different names."""
        database = f"{TEMPLATE}_{name or 'stage'}"
        url = create_database(self.urls, database, TEMPLATE)
        try:
            with _parts(url, self.urls) as parts:
                stage = Stage(url, parts, self.tenants)
                yield stage
                stage.empty_queues()
        finally:
            drop_database(self.urls, database)


@contextmanager
def _parts(url: str, urls: ServiceUrls) -> Iterator[Parts]:
    """Parts on this database as the process's own, for the block."""
    environment = {**settings_environment(urls, DATABASE_URL=url), **SETTINGS}
    os.environ.update(environment)  # the processes that a measurement starts use the same
    parts = wiring.build(environment)
    wiring.use(parts)
    try:
        yield parts
    finally:
        parts.close()
        wiring.use(None)
