"""The settings of a fault run: own databases and a virtual host, short times, nobody is limited."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote, urlsplit

from fintegrate.messaging.management import Management
from fintegrate.messaging.virtual_host import put_virtual_host
from local.appevents.own_databases import SERVICES, own_databases, settings_of
from local.machine.checkout import Checkout
from local.services.installation import migrate
from local.services.settings import settings_environment
from local.services.urls import ServiceUrls

BROKER = "APP_RABBITMQ_URL"
SETTINGS = {
    "SYSTEM": "appevents",
    "STAGE": "local",
    "SCHEDULER": "off",  # separate processes run the schedules
    "LOG_LEVEL": "WARNING",
    "RATE_LIMIT_IP_PER_MINUTE": "6000000",
    "APP_RATE_LIMIT_USER_PER_MINUTE": "6000000",
    "APP_RATE_LIMIT_USER_BURST": "6000000",
    "BREAKER_OPEN_SECONDS": "1",
}


def environment_on(
    urls: ServiceUrls, databases: Mapping[str, str], host: str, **further: str
) -> dict[str, str]:
    """The functions' environment on these databases, by service, and this virtual host."""
    users = settings_of(urls, databases)
    own = urlsplit(urls.servers[BROKER])._replace(path=f"/{quote(host, safe='')}").geturl()
    return {**settings_environment(urls, **users), **SETTINGS, BROKER: own, **further}


def master_of(environment: Mapping[str, str], service: str) -> str:
    """A service's database, with all rights."""
    return environment[SERVICES[service].master_setting]


@contextmanager
def migrated(urls: ServiceUrls, name: str) -> Iterator[dict[str, str]]:
    """A migrated database of each service for the time of the block; their addresses by service."""
    with own_databases(urls, name) as databases:
        users = settings_of(urls, databases)
        migrate(Checkout(), settings_environment(urls, **users, SYSTEM="appevents"))
        yield databases


@contextmanager
def copied(urls: ServiceUrls, name: str, templates: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Copies of databases for the time of the block; nobody may be connected to the templates."""
    names = {service: urlsplit(url).path[1:] for service, url in templates.items()}
    with own_databases(urls, name, names) as databases:
        yield databases


@contextmanager
def virtual_host(urls: ServiceUrls, host: str) -> Iterator[str]:
    """A virtual host, with the system's own user, for the time of the block."""
    own = urlsplit(urls.servers[BROKER])._replace(path=f"/{quote(host, safe='')}").geturl()
    put_virtual_host(urls.rabbitmq_management_url, own)
    try:
        yield host
    finally:
        Management(urls.rabbitmq_management_url, virtual_host=host).delete_virtual_host()


def unique(name: str) -> str:
    """The name of databases and of a virtual host that no other process uses."""
    return f"chaos_app_{name}_{os.getpid()}"
