"""What the demo has to itself: empty databases, and a virtual host of the broker with its user."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from fintegrate.messaging.management import Management
from fintegrate.messaging.virtual_host import put_virtual_host
from local.appevents.own_databases import own_databases, settings_of
from local.services.urls import ServiceUrls

SYSTEM = "appevents"
BROKER = "APP_RABBITMQ_URL"


@contextmanager
def own_servers(urls: ServiceUrls, name: str) -> Iterator[dict[str, str]]:
    """The settings that name databases and a virtual host of this name, for the time of the block."""
    broker_url = _broker_url(urls, name)
    management = Management(urls.rabbitmq_management_url, virtual_host=name)
    try:
        put_virtual_host(urls.rabbitmq_management_url, broker_url)
        with own_databases(urls, name) as databases:
            yield {BROKER: broker_url, **settings_of(urls, databases)}
    finally:
        management.delete_virtual_host()
        management.delete_user(name)


def _broker_url(urls: ServiceUrls, name: str) -> str:
    address = urlsplit(urls.rabbitmq_url).netloc.rpartition("@")[2]
    return f"amqp://{name}:{secrets.token_urlsafe(24)}@{address}/{name}"
