"""The virtual hosts of systems that have one of their own, each with its user.

The harness makes both as the broker's administrator, on servers of its own. Elsewhere the migration step
does. Everything else works in the default virtual host.
"""

from __future__ import annotations

import hashlib
from urllib.parse import quote, urlsplit, urlunsplit

from chalicelib import systems
from fintegrate.messaging.virtual_host import put_virtual_host
from fintegrate.system import SystemBroker
from local.services.urls import ServiceUrls


def system_brokers() -> list[SystemBroker]:
    """Those of all systems."""
    return [broker for name in systems.NAMES for broker in systems.system_of(name).brokers]


def addresses(url: str) -> dict[str, str]:
    """The variable of each one and its address; `url` is the administrator's."""
    return {broker.setting: _address(url, broker) for broker in system_brokers()}


def make_users(urls: ServiceUrls) -> None:
    """Make the virtual hosts and their users, which may do everything there and nothing elsewhere."""
    for broker in system_brokers():
        if address := urls.servers.get(broker.setting):
            put_virtual_host(urls.rabbitmq_management_url, address)


def _address(url: str, broker: SystemBroker) -> str:
    """The password is made from the administrator's, and does not lead back to it."""
    parts = urlsplit(url)
    password = hashlib.sha256(f"{broker.user}:{parts.password}".encode()).hexdigest()
    address = parts.netloc.rpartition("@")[2]
    host = quote(broker.virtual_host, safe="")
    netloc = f"{broker.user}:{password}@{address}"
    return urlunsplit(parts._replace(netloc=netloc, path=f"/{host}"))
