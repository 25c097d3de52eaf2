"""People before the console in Chromium; behind it are the functions, on servers with faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import httpx
import psycopg2
import pytest
from playwright.sync_api import Browser, expect
from psycopg2.extras import RealDictCursor

from chalicelib import systems
from chalicelib.banking import wiring
from chalicelib.banking.events.topology import queue_name
from chalicelib.banking.wiring import Parts
from local.banking.client import onboard
from local.services.databases import create_database, drop_database, with_users
from local.services.running import RunningServices
from local.services.settings import settings_environment
from local.serving.server import Server, start_server
from tests.conftest import WORKER
from tests.integration.appevents.conftest import virtual_host
from tests.integration.banking.console.conftest import PATIENCE_MS, WIDE, Person
from tests.support.api import Api, over_http
from tests.support.banking import Bank
from tests.support.console_faults import FULL, Faults, observe, prepare
from tests.support.fixtures import UNLIMITED, Query
from tests.support.queues import left_in
from tests.support.schedules import run_schedule

HEALTHY, FAULTY = "meridian", "borealis"


@dataclass
class World:
    """A served API with two banks: `healthy` keeps up, `faulty` has faults of every kind."""

    server: Server
    environment: dict[str, str]
    parts: Parts
    query: Query
    admin: Api
    healthy: Bank
    faulty: Bank
    faults: Faults

    @property
    def url(self) -> str:
        return self.server.base_url

    @property
    def admin_key(self) -> str:
        return str(self.admin.key)

    def observe(self) -> None:
        """Keep what the broker would say: one queue is full, and nobody reads it."""
        observe(self.parts, (self.healthy, 2, 1), (self.faulty, FULL, 0))

    def observe_empty(self) -> None:
        """As if the bank's program had come back."""
        observe(self.parts, (self.healthy, 0, 1), (self.faulty, 0, 1))

    def ready_in(self, bank: Bank) -> int:
        """The messages that the broker holds for a bank."""
        return left_in(self.environment["RABBITMQ_URL"], queue_name(bank.name))

    def replace_key(self, key: str) -> None:
        """Remember the new key of the bank with the faults."""
        self.faulty = replace(self.faulty, api=self.faulty.api.with_key(key))

    def run(self, *schedules: str) -> None:
        for name in schedules:
            run_schedule(name)


def _asker(url: str) -> tuple[Any, Query]:
    connection = psycopg2.connect(url)
    connection.autocommit = True

    def run(sql: str, **parameters: object) -> list[dict[str, object]]:
        with connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(sql, parameters)
            return (
                [dict(row) for row in cursor.fetchall()] if cursor.description is not None else []
            )

    return connection, run


def _bank(admin: Api, name: str) -> Bank:
    def post(path: str, body: Any) -> dict[str, Any]:
        reply = admin.post(path, **body)
        assert reply.status == 201, reply
        return reply.data

    tenant = onboard(post, name)
    return Bank(tenant.consumer_id, tenant.name, admin.with_key(tenant.key))


@pytest.fixture(scope="package")
def world(services: RunningServices, template_database: str) -> Iterator[World]:
    """One server for all flows. A broker of its own lets its banks have names that people read."""
    name = f"console_{WORKER}"
    url = create_database(services.urls, name, template_database)
    hosts = virtual_host(services, name)
    environment = settings_environment(
        services.urls,
        **with_users(services.urls, url),
        RABBITMQ_URL=next(hosts),
        SYSTEM="banking",
        SCHEDULER="off",
        RATE_LIMIT_IP_PER_MINUTE="1000000",
        **UNLIMITED,
    )
    connection, query = _asker(url)
    parts = wiring.build(environment)
    others = systems.served()
    wiring.use(parts)
    import_module("app")
    systems.served.use(systems.named("banking"))
    with (
        start_server(environment) as server,
        httpx.Client(base_url=server.base_url, timeout=60) as client,
    ):
        admin = Api(environment["ADMIN_API_KEY"], send=over_http(client))
        healthy, faulty = _bank(admin, HEALTHY), _bank(admin, FAULTY)
        faults = prepare(query, healthy, faulty)
        world = World(server, environment, parts, query, admin, healthy, faulty, faults)
        world.observe()
        world.run("reconcile", "write_minutes")
        yield world
    systems.served.use(others)
    parts.close()
    wiring.use(None)
    connection.close()
    next(hosts, None)
    drop_database(services.urls, name)


@pytest.fixture
def visit(chromium: Browser, world: World) -> Iterator[Callable[..., Person]]:
    """Gives each person a browser of their own. Whatever they did: nothing is said in its console."""
    contexts, people = [], []

    def visit(theme: Any = "light", size: tuple[int, int] = WIDE, **more: Any) -> Person:
        viewport: Any = {"width": size[0], "height": size[1]}
        contexts.append(chromium.new_context(color_scheme=theme, viewport=viewport, **more))
        contexts[-1].set_default_timeout(PATIENCE_MS)
        people.append(Person(contexts[-1].new_page(), world.url))
        return people[-1]

    expect.set_options(timeout=PATIENCE_MS)
    yield visit
    for context in contexts:
        context.close()
    assert [person.noise for person in people] == [[] for _ in people]
    assert {origin for person in people for origin in person.origins} <= {world.url}


@pytest.fixture
def anna(visit: Callable[..., Person], world: World) -> Person:
    """The operator, signed in by the form, before Now."""
    return visit().open("now").sign_in(world.admin_key)


@pytest.fixture
def bert(visit: Callable[..., Person], world: World) -> Person:
    """The integrator of the bank with the faults, signed in, before Now."""
    return visit().open("connect").sign_in(str(world.faulty.api.key), "")
