"""Prepares the databases of app.events for the measurements, and a virtual host of the broker.

The databases are migrated once, as templates. A measurement works on a fresh copy of all of them, and on
empty queues. Users need no preparing: their tokens are made here (`local.appevents.bench.user`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, urlsplit

import psycopg2
import psycopg2.extensions

from chalicelib import systems
from chalicelib.appevents import topology, wiring
from chalicelib.appevents.wiring import Parts
from chalicelib.operations.migrate import migrations_folder
from fintegrate.messaging.management import Management
from fintegrate.migrations import migrate
from fintegrate.roles import Users, prepare
from local.services.amqp import channel_on
from local.services.databases import create_database, drop_database, with_users
from local.services.settings import settings_environment
from local.services.urls import ServiceUrls

PREFIX = "bench_app"
VIRTUAL_HOST = "bench_app"
"""Not the checkout's own: functions that are served meanwhile would take the messages."""
DATABASES = systems.system_of("appevents").databases
SETTINGS = {
    "SYSTEM": "appevents",
    "STAGE": "local",
    "LOG_LEVEL": "ERROR",
    "APP_RATE_LIMIT_USER_PER_MINUTE": "6000000",
    "APP_RATE_LIMIT_USER_BURST": "1000000",
    "RATE_LIMIT_IP_PER_MINUTE": "100000000",
}


@dataclass(frozen=True, slots=True)
class AppDatabases:
    """The databases of all services, and their parts. This process's handlers use the same parts."""

    environment: Mapping[str, str]
    parts: Parts

    def url(self, service: str) -> str:
        """The address of a service's database for the measurement itself, with all rights.

        `service` is `notify`, `video`, `settings`, `program`, `dm` or `machine`.
        """
        return self.environment[f"{service.upper()}_DATABASE_MASTER_URL"]

    @property
    def rabbitmq_url(self) -> str:
        return self.parts.settings.app_rabbitmq_url

    def rows(self, service: str, sql: str, **values: object) -> list[tuple[Any, ...]]:
        """Run a statement with all rights and commit it; its rows, if it has any."""
        with closing(self.connection(service)) as connection, connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def connection(self, service: str) -> psycopg2.extensions.connection:
        """A connection of the bare driver, which commits each statement."""
        connection = psycopg2.connect(self.url(service))
        connection.autocommit = True
        return connection

    def empty_queues(self) -> None:
        """Declare what is missing, and remove all messages."""
        topology.declare_queues(self.parts.settings)
        with channel_on(self.rabbitmq_url) as channel:
            for name in topology.names_of(self.parts.settings):
                channel.queue_purge(name)


class AppTemplate:
    """The migrated templates and the virtual host. `copy` opens copies."""

    def __init__(self, urls: ServiceUrls) -> None:
        self.urls = urls
        self._broker = Management(
            urls.rabbitmq_management_url, virtual_host=VIRTUAL_HOST, seconds=30
        )

    def __enter__(self) -> Self:
        self._broker.put_virtual_host()
        for database in DATABASES:
            url = create_database(self.urls, _template(database.name))
            users = with_users(self.urls, url, database.setting)
            owner, app = users[database.owner_setting], users[database.setting]
            prepare(Users(url, owner, app), database.name, [])
            migrate(owner, migrations_folder(database), database.owner_setting)
        return self

    def __exit__(self, *_: object) -> None:
        for database in DATABASES:
            drop_database(self.urls, _template(database.name))
        self._broker.delete_virtual_host()

    @contextmanager
    def copy(self, tag: str = "copy", /, **settings: str) -> Iterator[AppDatabases]:
        """Fresh copies for the block; further settings win over the usual ones.

        Blocks with different tags may be open at the same time. They share the queues, and handlers use
        the parts of the last one, or those that `wiring.use` names.
        """
        names = {each: f"{_template(each.name)}_{tag}" for each in DATABASES}
        users: dict[str, str] = {}
        for database, name in names.items():
            url = create_database(self.urls, name, _template(database.name))
            users |= with_users(self.urls, url, database.setting)
        given = {**users, "APP_RABBITMQ_URL": self._broker_url, **SETTINGS, **settings}
        try:
            with _parts(settings_environment(self.urls) | given) as databases:
                databases.empty_queues()
                yield databases
        finally:
            for name in names.values():
                drop_database(self.urls, name)

    @property
    def _broker_url(self) -> str:
        """With the administrator, who may use every virtual host."""
        path = f"/{quote(VIRTUAL_HOST, safe='')}"
        return urlsplit(self.urls.rabbitmq_url)._replace(path=path).geturl()


def _template(name: str) -> str:
    return f"{PREFIX}_{name}"


@contextmanager
def _parts(environment: Mapping[str, str]) -> Iterator[AppDatabases]:
    """Make parts with these settings this process's own for the block."""
    os.environ.update(environment)  # for the processes that a measurement starts
    parts = wiring.build(environment)
    wiring.use(parts)
    try:
        yield AppDatabases(environment, parts)
    finally:
        parts.close()
        wiring.use(None)
