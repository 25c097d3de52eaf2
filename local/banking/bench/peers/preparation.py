"""Prepares the comparison: one database with the backlog, its copies, and five tenants' queues."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg2

from chalicelib.operations.migrate import apply_migrations, prepare_databases
from local.banking.bench.peers.backlog import copy_to_peer, write_backlog
from local.banking.bench.peers.contestants import FOLDER
from local.banking.bench.peers.queues import TenantQueues
from local.bench.peers.contestants import run_program
from local.services.databases import create_database, drop_database, with_users
from local.services.settings import settings_environment
from local.services.urls import ServiceUrls

TEMPLATE, COPY = "bench_peers", "bench_peers_copy"
TENANTS = 5
SETTINGS = {
    "SYSTEM": "banking",
    "LOG_LEVEL": "ERROR",
    "RATE_LIMIT_API_KEY_PER_MINUTE": "6000000",
    "RATE_LIMIT_API_KEY_BURST": "1000000",
}


@dataclass(frozen=True, slots=True)
class Tenant:
    """A consumer without a key."""

    consumer_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The database and the tenants' queues, which are empty."""

    urls: ServiceUrls
    tenants: Sequence[Tenant]
    queues: TenantQueues

    def fresh(self) -> dict[str, str]:
        """The environment of a program that works on a fresh copy of the database."""
        return _environment(self.urls, create_database(self.urls, COPY, TEMPLATE))


@contextmanager
def prepare(urls: ServiceUrls, peers_python: str) -> Iterator[Comparison]:
    """Prepare everything for the block and remove it afterwards."""
    names = [f"bench_{uuid.uuid4().hex[:8]}" for _ in range(TENANTS)]
    queues = TenantQueues(urls.rabbitmq_url, names)
    try:
        with queues.declared():
            yield Comparison(urls, _template(urls, names, peers_python), queues)
    finally:
        drop_database(urls, COPY)
        drop_database(urls, TEMPLATE)


def _template(urls: ServiceUrls, names: list[str], peers_python: str) -> list[Tenant]:
    """Make the database with the backlog, in our table and in the peer's."""
    url = create_database(urls, TEMPLATE)
    environment = _environment(urls, url)
    prepare_databases(environment)
    apply_migrations(environment)
    tenants = _onboarded(url, names)
    write_backlog(url, [tenant.consumer_id for tenant in tenants])
    program = FOLDER / "prepare_faststream.py"
    run_program(peers_python, program, {**environment, "DATABASE_URL": url})
    copy_to_peer(url)
    return tenants


def _onboarded(url: str, names: list[str]) -> list[Tenant]:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO consumers (name) SELECT unnest(%s::text[]) RETURNING consumer_id, name",
            (names,),
        )
        return [Tenant(str(consumer_id), name) for consumer_id, name in cursor.fetchall()]


def _environment(urls: ServiceUrls, database_url: str) -> dict[str, str]:
    return {**settings_environment(urls, **with_users(urls, database_url)), **SETTINGS}
