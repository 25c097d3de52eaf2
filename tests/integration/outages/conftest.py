"""Servers of these tests' own, because they are stopped, frozen and restarted here."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from local.services.running import RunningServices
from tests.support.databases import migrated_templates


@pytest.fixture(scope="session")
def services(own_services: RunningServices) -> RunningServices:
    """In place of the servers that all tests share."""
    return own_services


@pytest.fixture(scope="session")
def template_databases(own_services: RunningServices) -> Iterator[dict[str, str]]:
    """On these servers; those that all tests share lie on the others."""
    with migrated_templates(own_services.urls, "outages") as names:
        yield names


@pytest.fixture(scope="session")
def template_database(template_databases: dict[str, str]) -> str:
    """The name of banking's."""
    return template_databases["DATABASE_URL"]


@pytest.fixture
def database_url(copy_database: Callable[[str], str]) -> str:
    """A copy on these servers."""
    return copy_database("DATABASE_URL")


@pytest.fixture(autouse=True)
def all_servers_run_again(own_services: RunningServices, database_url: str) -> Iterator[None]:
    """Whatever a test did to the servers, the removal of its database finds them running."""
    yield
    for server in own_services.servers.values():
        server.resume()
        server.start()
        server.wait_ready()
