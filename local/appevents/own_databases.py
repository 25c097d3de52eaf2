"""Databases of app.events' services that a run of the harness has to itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from chalicelib import systems
from local.services.databases import create_database, drop_database, with_users
from local.services.urls import ServiceUrls

DATABASES = systems.system_of("appevents").databases
SERVICES = {database.setting.partition("_")[0].lower(): database for database in DATABASES}
"""The database of each service, by the beginning of its setting, such as `notify`."""


@contextmanager
def own_databases(
    urls: ServiceUrls, name: str, templates: Mapping[str, str] | None = None
) -> Iterator[dict[str, str]]:
    """A database of each service for the time of the block; their addresses by service.

    Args:
        name: the beginning of the databases' names
        templates: names of databases to copy, by service; the others are empty
    """
    with ExitStack() as stack:
        made = {}
        for service in SERVICES:
            own = f"{name}_{service}"
            made[service] = create_database(urls, own, (templates or {}).get(service))
            stack.callback(drop_database, urls, own)
        yield made


def settings_of(urls: ServiceUrls, databases: Mapping[str, str]) -> dict[str, str]:
    """The settings that name these databases, each with its users."""
    settings: dict[str, str] = {}
    for service, url in databases.items():
        settings |= with_users(urls, url, SERVICES[service].setting)
    return settings
