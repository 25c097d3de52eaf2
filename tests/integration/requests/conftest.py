"""Servers of these tests' own, because they are stopped and frozen here; nobody else uses them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.banking.wiring import Parts
from chalicelib.operations.migrate import apply_migrations, prepare_databases
from local.machine.checkout import Checkout
from local.services.choice import choose
from local.services.databases import addresses, create_database, system_databases, with_users
from local.services.group import ServerGroup
from local.services.running import RunningServices
from local.services.service import Service
from local.services.settings import settings_environment
from tests.support.banking import Bank, parts_with
from tests.support.fixtures import UNLIMITED


@pytest.fixture(scope="session")
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerGroup]:
    """Not started: a test starts the one that it is going to stop."""
    servers = choose(Checkout(tmp_path_factory.mktemp("servers")))
    yield servers
    servers.remove()


@pytest.fixture
def own_redis(own_servers: ServerGroup) -> Service:
    """A cache that answers when the test begins."""
    return _answering(own_servers["redis"])


@pytest.fixture
def own_postgresql(own_servers: ServerGroup) -> Service:
    """A database server that answers when the test begins."""
    return _answering(own_servers["postgresql"])


@pytest.fixture
def on_own_database(services: RunningServices, own_postgresql: Service) -> dict[str, str]:
    """The settings of functions on that server, with a fresh migrated database."""
    databases = addresses(own_postgresql.url, system_databases())
    urls = replace(services.urls, database_url=own_postgresql.url, databases=databases)
    users = with_users(urls, create_database(urls, "own_database"))
    environment = settings_environment(urls, **UNLIMITED | users)
    prepare_databases(environment)
    apply_migrations(environment)
    return environment


@pytest.fixture
def at_own_redis(bank: Bank, own_redis: Service, environment: dict[str, str]) -> Iterator[Parts]:
    """A process that counts in that cache."""
    assert bank  # onboarded before, so that nothing of it is counted here
    with parts_with(environment, REDIS_URL=own_redis.url) as parts:
        yield parts


def _answering(server: Service) -> Service:
    server.resume()
    server.start()
    server.wait_ready()
    return server
