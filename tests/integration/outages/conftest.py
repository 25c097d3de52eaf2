"""Servers of these tests' own, because they are stopped, frozen and restarted here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.services.running import RunningServices
from tests.support.databases import migrated_template


@pytest.fixture(scope="session")
def services(own_services: RunningServices) -> RunningServices:
    """In place of the servers that all tests share."""
    return own_services


@pytest.fixture(scope="session")
def template_database(own_services: RunningServices) -> Iterator[str]:
    """On these servers; the one that all tests share lies on the others."""
    with migrated_template(own_services.urls, "template_fintegrate_outages") as name:
        yield name


@pytest.fixture(autouse=True)
def all_servers_run_again(own_services: RunningServices, database_url: str) -> Iterator[None]:
    """Whatever a test did to the servers, the removal of its database finds them running."""
    yield
    for server in (own_services.postgresql, own_services.rabbitmq, own_services.redis):
        server.resume()
        server.start()
        server.wait_ready()
