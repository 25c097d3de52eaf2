"""What the demo has to itself: empty databases, and a virtual host of the broker with its user."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from chalicelib import systems
from fintegrate.messaging.management import Management
from fintegrate.messaging.virtual_host import put_virtual_host
from local.services.databases import create_database, drop_database, with_users
from local.services.urls import ServiceUrls

SYSTEM = "appevents"
BROKER = "APP_RABBITMQ_URL"


@contextmanager
def own_servers(urls: ServiceUrls, name: str) -> Iterator[dict[str, str]]:
    """The settings that name databases and a virtual host of this name, for the time of the block."""
    databases = systems.system_of(SYSTEM).databases
    names = {each.setting: f"{each.name}_{name}" for each in databases}
    settings = {BROKER: _broker_url(urls, name)}
    management = Management(urls.rabbitmq_management_url, virtual_host=name)
    try:
        put_virtual_host(urls.rabbitmq_management_url, settings[BROKER])
        for setting, own in names.items():
            settings |= with_users(urls, create_database(urls, own), setting)
        yield settings
    finally:
        management.delete_virtual_host()
        management.delete_user(name)
        for own in names.values():
            drop_database(urls, own)


def _broker_url(urls: ServiceUrls, name: str) -> str:
    address = urlsplit(urls.rabbitmq_url).netloc.rpartition("@")[2]
    return f"amqp://{name}:{secrets.token_urlsafe(24)}@{address}/{name}"
