"""The settings of a fault run: times are shorter than in operation, and nobody is limited."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import bcrypt

from local.machine.checkout import Checkout
from local.services.databases import create_database, drop_database, with_users
from local.services.installation import migrate
from local.services.settings import settings_environment
from local.services.urls import ServiceUrls

SETTING = "RELAY_DATABASE_URL"
MASTER = "RELAY_DATABASE_MASTER_URL"
OMS = "RELAY_OMS_DATABASE_URL"
SETTINGS = {
    "SYSTEM": "relay",
    "STAGE": "local",
    "SCHEDULER": "off",  # separate processes run the schedules
    "LOG_LEVEL": "WARNING",
    "RATE_LIMIT_IP_PER_MINUTE": "6000000",
    "RELAY_RATE_LIMIT_PER_MINUTE": "6000000",
    "BREAKER_OPEN_SECONDS": "1",
}


def environment_on(
    urls: ServiceUrls, database_url: str, allowed: Iterable[str], **further: str
) -> dict[str, str]:
    """The functions' environment on this database; they may send to these addresses."""
    environment = settings_environment(urls, **with_users(urls, database_url, SETTING))
    return {
        **environment,
        **SETTINGS,
        "RELAY_USERS": _quick_users(environment),
        "RELAY_ALLOW_HOSTS": ",".join(allowed),
        **further,
    }


def oms_url(environment: Mapping[str, str]) -> str:
    """The database as the order system's own user, where the harness makes one."""
    return environment.get(OMS) or environment[SETTING]


@contextmanager
def migrated(urls: ServiceUrls, name: str) -> Iterator[str]:
    """A migrated database for the time of the block; its address."""
    url = create_database(urls, name)
    try:
        users = {**with_users(urls, url, SETTING), "SYSTEM": "relay"}
        migrate(Checkout(), settings_environment(urls, **users))
        yield url
    finally:
        drop_database(urls, name)


def unique(name: str) -> str:
    """A database's name that no other process uses."""
    return f"chaos_relay_{name}_{os.getpid()}"


def _quick_users(environment: Mapping[str, str]) -> str:
    """The users of that environment with hashes that are quick to compare."""

    def hashed(role: str) -> dict[str, object]:
        password = environment[f"RELAY_{role.upper()}_PASSWORD"].encode()
        return {"hashes": [bcrypt.hashpw(password, bcrypt.gensalt(4)).decode()], "role": role}

    return json.dumps(
        {environment[f"RELAY_{role.upper()}_USER"]: hashed(role) for role in ("admin", "ingest")}
    )
