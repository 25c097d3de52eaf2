"""The same suite by HTTP against each way to run the functions, each with a server of its own.

One worker runs all tests of a way (tests/support/sharing.py).

`admin`, `make_bank`, `bank` and `query` are the fixtures of the other tests, on that server.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import psycopg2
import pytest

from local.artifact.package.make import Artifact, package
from local.artifact.server import start_artifacts
from local.banking.tenant_queues import remove_queues
from local.services.databases import create_database, drop_database, with_users
from local.services.docker.engine import answers
from local.services.running import RunningServices
from local.services.settings import settings_environment
from local.serving.server import Server, start_server
from tests.support.api import Api, over_http
from tests.support.fixtures import UNLIMITED

WAYS = ("source", "process", "container")
ANSWER_SECONDS = 60.0  # longer than any function may take
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Served:
    """A running server, its settings, how it runs the functions, and a client of it."""

    way: str
    server: Server
    environment: dict[str, str]
    client: httpx.Client


@pytest.fixture(scope="session")
def artifact() -> Artifact:
    """Banking, packaged."""
    return package("banking")


@pytest.fixture(scope="session", params=WAYS)
def served(
    request: pytest.FixtureRequest, services: RunningServices, artifact: Artifact
) -> Iterator[Served]:
    """One server for all tests of a way, on an empty database; the packaged one migrates by itself."""
    way = str(request.param)
    if way == "container" and not answers():
        pytest.skip("no Docker engine answers")
    name = f"acceptance_{os.getpid()}_{next(_numbers)}"
    template = request.getfixturevalue("template_database") if way == "source" else None
    url = create_database(services.urls, name, template)
    environment = settings_environment(
        services.urls,
        **{
            **with_users(services.urls, url),
            "SYSTEM": "banking",
            "SCHEDULER": "off",
            "SWEEP_SECONDS": "1",
            "RATE_LIMIT_IP_PER_MINUTE": "1000000",
            "LAMBDA_SANDBOX": way,
            "LAMBDA_CONCURRENCY": "4",
            "MAX_CONSUMERS": "100000",
            **UNLIMITED,
        },
    )
    server = (
        start_server(environment)
        if way == "source"
        else start_artifacts([artifact], environment).server
    )
    with server, httpx.Client(base_url=server.base_url, timeout=ANSWER_SECONDS) as client:
        yield Served(way, server, environment, client)
    remove_all_queues(url, services.urls.rabbitmq_url)
    drop_database(services.urls, name)


def remove_all_queues(database_url: str, rabbitmq_url: str) -> None:
    """Remove the queues of all consumers that were made on the way."""
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT name FROM consumers WHERE name <> 'system_default'")
        names = [name for (name,) in cursor.fetchall()]
    connection.close()
    remove_queues(rabbitmq_url, names)


@pytest.fixture
def environment(served: Served) -> dict[str, str]:
    """The settings of the server."""
    return served.environment


@pytest.fixture
def database_url(served: Served) -> str:
    """The database of the server, shared by all tests of a way, with the master as user."""
    return served.environment["DATABASE_MASTER_URL"]


@pytest.fixture
def admin(served: Served) -> Api:
    """The admin, by HTTP."""
    return Api(served.environment["ADMIN_API_KEY"], send=over_http(served.client))
