"""Prepares databases for the measurements: each has five tenants with their queues.

The tenants are onboarded once, in a template. Each measurement works on a fresh copy. A queue holds at
most 100,000 messages by the contract, so a measurement that publishes must empty the queues.
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
from chalicelib.operations.migrate import apply_migrations, prepare_databases
from local.banking.bench.api import post_with
from local.banking.client import Tenant, onboard
from local.banking.tenant_queues import remove_queues
from local.services.amqp import channel_on
from local.services.databases import create_database, drop_database, with_users
from local.services.settings import settings_environment
from local.services.urls import ServiceUrls

TEMPLATE = "bench_fintegrate"
TENANTS = 5
SETTINGS = {
    "SYSTEM": "banking",
    "LOG_LEVEL": "ERROR",
    "RATE_LIMIT_API_KEY_PER_MINUTE": "6000000",
    "RATE_LIMIT_API_KEY_BURST": "1000000",
    "API_KEY_BCRYPT_COST": "4",  # no figure includes the first check of a key
}


@dataclass(frozen=True, slots=True)
class BenchDatabase:
    """One database and its parts. This process's handlers use the same parts.

    `database_url` is the measurement's own, with all rights.
    """

    database_url: str
    parts: Parts
    tenants: list[Tenant]

    @property
    def rabbitmq_url(self) -> str:
        return self.parts.settings.rabbitmq_url

    def empty_queues(self) -> None:
        """Remove all published messages."""
        with channel_on(self.rabbitmq_url) as channel:
            for tenant in self.tenants:
                channel.queue_purge(queue_name(tenant.name))


class BenchTemplate:
    """The template and its tenants. `copy` opens a copy."""

    def __init__(self, urls: ServiceUrls) -> None:
        self.urls = urls
        self.tenants: list[Tenant] = []

    def __enter__(self) -> BenchTemplate:
        with own_parts(create_database(self.urls, TEMPLATE), self.urls) as parts:
            prepare_databases(os.environ)
            apply_migrations(os.environ)
            post = post_with(parts.settings.admin_api_key)
            names = [f"bench_{uuid.uuid4().hex[:8]}" for _ in range(TENANTS)]
            self.tenants = [onboard(post, name) for name in names]
        return self

    def __exit__(self, *_: object) -> None:
        remove_queues(self.urls.rabbitmq_url, [tenant.name for tenant in self.tenants])
        drop_database(self.urls, TEMPLATE)

    @contextmanager
    def copy(self, name: str = "", **settings: str) -> Iterator[BenchDatabase]:
        """A fresh copy for the block, with these settings.

        Copies that are open at once need different names.
        """
        copy = f"{TEMPLATE}_{name or 'copy'}"
        url = create_database(self.urls, copy, TEMPLATE)
        try:
            with own_parts(url, self.urls, **settings) as parts:
                database = BenchDatabase(url, parts, self.tenants)
                yield database
                database.empty_queues()
        finally:
            drop_database(self.urls, copy)


@contextmanager
def own_parts(url: str, urls: ServiceUrls, **settings: str) -> Iterator[Parts]:
    """Make parts on this database this process's own for the block."""
    environment = {**settings_environment(urls, **with_users(urls, url)), **SETTINGS, **settings}
    os.environ.update(environment)  # for the processes that a measurement starts
    parts = wiring.build(environment)
    wiring.use(parts)
    try:
        yield parts
    finally:
        parts.close()
        wiring.use(None)
