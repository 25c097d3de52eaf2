"""Checks of the servers: gateway, databases, broker, cache."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial

import httpx
import psycopg2
import redis

from fintegrate.messaging.depths import depths
from fintegrate.migrations import read_migrations
from fintegrate.system import SystemDatabase
from local.appevents.health.finding import Check, Facts, Wrong
from local.machine.checkout import Checkout
from local.machine.environment import may_use_proxy
from local.services.brokers import system_brokers
from local.services.databases import system_databases

SECONDS = 5
SHARED_BROKER = "RABBITMQ_URL"


def checks(settings: Mapping[str, str]) -> Iterator[Check]:
    """One for each of them that the settings name."""
    yield Check("gateway", partial(_gateway, settings.get("BASE_URL", "")))
    for database in system_databases():
        look = partial(_database, settings.get(database.owner_setting, ""), database)
        yield Check(f"database {database.name}", look)
    for setting in (SHARED_BROKER, *(broker.setting for broker in system_brokers())):
        host = settings.get(setting, "").rpartition("/")[2].replace("%2F", "/") or "/"
        yield Check(f"broker {host}", partial(_broker, settings.get(setting, "")))
    yield Check("redis", partial(_redis, settings.get("REDIS_URL", "")))


def _gateway(url: str) -> Facts:
    """The gateway itself, whatever the functions behind it say of their servers."""
    if not url:
        raise Wrong("nothing is served: make up")
    answer = httpx.get(f"{url}/health", timeout=SECONDS, trust_env=may_use_proxy(url))
    if answer.status_code != httpx.codes.OK:
        raise Wrong(f"GET /health answers {answer.status_code}")
    return {"http_status": answer.status_code}


def _database(owner_url: str, database: SystemDatabase) -> Facts:
    """Whether it answers its owner, and has every migration of this checkout."""
    folder = Checkout().root / "sql" / database.folder / "migrations"
    wanted = [migration.name for migration in read_migrations(folder)]
    connecting = psycopg2.connect(owner_url, connect_timeout=SECONDS)
    with closing(connecting) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name FROM migration_history ORDER BY name")
        applied = [name for (name,) in cursor.fetchall()]
    last = applied[-1] if applied else None
    if missing := [name for name in wanted if name not in applied]:
        raise Wrong(f"not migrated: {missing[0]} is missing", migration=last)
    return {"migration": last}


def _broker(url: str) -> Facts:
    depths(url, [], SECONDS)
    return {}


def _redis(url: str) -> Facts:
    with redis.Redis.from_url(url, socket_timeout=SECONDS) as client:
        client.ping()
    return {}
