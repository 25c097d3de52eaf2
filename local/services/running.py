"""The servers' addresses and the functions' settings, for the gateway, the demo and the tests.

`ensure_services` is the only way in: it starts what is missing and shares what runs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql

from local.machine.checkout import Checkout
from local.machine.credentials import password
from local.services import external
from local.services.choice import choose, wanted_kind
from local.services.group import Trio
from local.services.lease import Lease
from local.services.service import Service, ServiceError

DEFAULTS: Mapping[str, str] = {
    "RATE_LIMIT_IP_PER_MINUTE": "100",
    "RATE_LIMIT_API_KEY_PER_MINUTE": "50",
    "RATE_LIMIT_API_KEY_BURST": "500",
    "DELIVERY_GRACE_SECONDS": "300",
    "LOG_LEVEL": "INFO",
}


@dataclass(frozen=True)
class ServiceUrls:
    """Where the servers listen, each with user and password."""

    database_url: str
    rabbitmq_url: str
    rabbitmq_management_url: str
    redis_url: str


class RunningServices:
    """The servers while this process uses them; leaving stops them when nobody else does.

    Attributes:
        urls: where they listen
        started: whether this call started at least one of them
    """

    def __init__(self, checkout: Checkout, trio: Trio | None, lease: Lease, started: bool) -> None:
        self._checkout = checkout
        self._trio = trio
        self._lease = lease
        self.started = started
        self.urls = _urls(trio)

    @property
    def external(self) -> bool:
        """Whether somebody else runs them."""
        return self._trio is None

    @property
    def postgresql(self) -> Service:
        """The database server, to stop, kill, pause and restart."""
        return self._own().postgresql

    @property
    def rabbitmq(self) -> Service:
        """The broker, to stop, kill, pause and restart."""
        return self._own().rabbitmq

    @property
    def redis(self) -> Service:
        """The cache, to stop, kill, pause and restart."""
        return self._own().redis

    def _own(self) -> Trio:
        if self._trio is None:
            raise ServiceError("LOCAL_SERVICES=external: these servers are not ours to control")
        return self._trio

    def release(self) -> None:
        """End this process's use; may be called again."""
        with self._checkout.locked("services"):
            if self._lease.leave() and self._trio:
                self._trio.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _urls(trio: Trio | None) -> ServiceUrls:
    if trio is None:
        return ServiceUrls(**{k.lower(): v for k, v in external.addresses().items()})
    return ServiceUrls(
        database_url=trio.postgresql.url,
        rabbitmq_url=trio.rabbitmq.url,
        rabbitmq_management_url=trio.rabbitmq_management_url(),
        redis_url=trio.redis.url,
    )


def ensure_services(checkout: Checkout | None = None, keep: bool = False) -> RunningServices:
    """The servers of the checkout, started when they do not run.

    Args:
        keep: leave them running until `make down`, whoever else leaves

    Raises:
        ServiceError: a server is missing or does not come up; the text says what to do
    """
    checkout = checkout or Checkout()
    trio = None if wanted_kind() == "external" else choose(checkout)
    with checkout.locked("services"):
        lease = Lease(checkout)
        started = _start(trio, lease, keep) if trio else False
        return RunningServices(checkout, trio, lease, started)


def _start(trio: Trio, lease: Lease, keep: bool) -> bool:
    """Start what does not run; noted before it happens, for whoever comes after a kill."""
    fresh = not trio.any_running()
    if keep:
        lease.keep()
    elif fresh:
        lease.started()
    try:
        return trio.start()
    except BaseException:
        if fresh:
            trio.stop()
        raise


def settings_environment(
    urls: ServiceUrls, checkout: Checkout | None = None, **overrides: str
) -> dict[str, str]:
    """The functions' environment: the caller's own settings win over defaults, overrides over all.

    The servers' addresses are those given, whatever the caller's environment says.
    """
    checkout = checkout or Checkout()
    settings = {**DEFAULTS, "ADMIN_API_KEY": admin_api_key(checkout), **os.environ}
    return {
        **settings,
        "PYTHONPATH": os.pathsep.join([str(checkout.root), str(checkout.root / "vendor")]),
        "DATABASE_URL": urls.database_url,
        "RABBITMQ_URL": urls.rabbitmq_url,
        "RABBITMQ_MANAGEMENT_URL": urls.rabbitmq_management_url,
        "REDIS_URL": urls.redis_url,
        **overrides,
    }


def admin_api_key(checkout: Checkout) -> str:
    """The admin's key of this checkout, made on first use."""
    return password(checkout, "admin-api-key", _new_admin_api_key)


def _new_admin_api_key() -> str:
    from fintegrate.access.keys import new_api_key

    return new_api_key().text


def database(url: str, name: str) -> str:
    """The same server's address with another database name."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def create_database(urls: ServiceUrls, name: str, template: str | None = None) -> str:
    """Create a database, empty or as a copy, in place of one of that name; returns its address.

    Copying needs that nobody is connected to the template (PostgreSQL, CREATE DATABASE).
    """
    drop_database(urls, name)
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(template or "template0")
    )
    _execute(urls, statement)
    return database(urls.database_url, name)


def drop_database(urls: ServiceUrls, name: str) -> None:
    """Remove a database, ending the sessions that are still in it; none there is fine."""
    _execute(urls, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _execute(urls: ServiceUrls, statement: sql.Composed) -> None:
    with closing(psycopg2.connect(urls.database_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
