"""Prepares databases for the relay's measurements, and the receiver to which all of them send.

A measurement works on a fresh copy of a migrated template, and makes its shops in it by the API.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import psycopg2

from chalicelib.operations.migrate import apply_migrations, prepare_databases
from chalicelib.relay import wiring
from chalicelib.relay.wiring import Parts
from local.bench.receiver import Receiver
from local.relay.bench.api import as_admin
from local.services.databases import create_database, drop_database, with_users
from local.services.settings import settings_environment
from local.services.urls import ServiceUrls

TEMPLATE = "bench_relay"
SETTING = "RELAY_DATABASE_URL"
SETTINGS = {
    "SYSTEM": "relay",
    "STAGE": "local",
    "LOG_LEVEL": "ERROR",
    "RELAY_RATE_LIMIT_PER_MINUTE": "6000000",
    "RATE_LIMIT_IP_PER_MINUTE": "6000000",
}
UNTHROTTLED = """
UPDATE relay_lanes SET requests_per_minute = 60000000;
UPDATE relay_accounts SET tokens = 10000000
"""
META = {"pixel_id": "1234567890", "access_token": "EAAB0123456789"}


@dataclass(frozen=True, slots=True)
class RelayDatabase:
    """One database and its parts. This process's handlers use the same parts.

    `database_url` is the measurement's own, with all rights.
    """

    database_url: str
    parts: Parts
    receiver: Receiver

    def shop(self, code: str) -> int:
        """Make a storefront; its number."""
        made = as_admin("/admin/v1/storefronts", {"storefront_id": code, "name": code})
        return int(made["id"])

    def webhook(self, shop: int, url: str) -> int:
        """Give a storefront a webhook; the number of its lane."""
        return self._destination(shop, "webhook", {}, {"url": url})

    def meta(self, shop: int) -> int:
        """Give a storefront a pixel at Meta, which the receiver plays; the number of its lane."""
        return self._destination(shop, "meta", META, {"base_url": self.receiver.url()})

    def ga4(self, shop: int) -> int:
        """Give a storefront a stream at GA4, to which nothing is sent; the number of its lane."""
        secret = {"measurement_id": "G-ABCDEF1234", "api_secret": "abcdefghijklmnopqrst"}
        return self._destination(shop, "ga4", secret, {"base_url": self.receiver.url()})

    def _destination(
        self, shop: int, platform: str, secret: Mapping[str, str], settings: Mapping[str, Any]
    ) -> int:
        wanted = "SELECT id FROM ad_analytics_platforms WHERE platform_code = %(code)s"
        ((platform_id,),) = self.rows(wanted, code=platform)
        made = as_admin(
            "/admin/v1/credentials",
            {
                "storefront_id": shop,
                "platform_id": platform_id,
                "credentials": secret,
                "settings": settings,
            },
        )
        self.rows(UNTHROTTLED)
        return int(made["lane_id"])

    def rows(self, sql: str, **values: object) -> list[tuple[Any, ...]]:
        """Run a statement with all rights and commit it; its rows, if it has any."""
        connection = psycopg2.connect(self.database_url)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


class RelayTemplate:
    """The migrated template and the receiver. `copy` opens a copy."""

    def __init__(self, urls: ServiceUrls) -> None:
        self.urls = urls
        self.receiver = Receiver()

    def __enter__(self) -> Self:
        url = create_database(self.urls, TEMPLATE)
        self.receiver.__enter__()
        with _parts(url, self.urls, self.receiver):
            prepare_databases(os.environ)
            apply_migrations(os.environ)
        return self

    def __exit__(self, *error: object) -> None:
        self.receiver.__exit__(*error)
        drop_database(self.urls, TEMPLATE)

    @contextmanager
    def copy(self, name: str = "copy") -> Iterator[RelayDatabase]:
        """A fresh copy for the block. Copies that are open at once need different names."""
        copy = f"{TEMPLATE}_{name}"
        url = create_database(self.urls, copy, TEMPLATE)
        self.receiver.clear()
        try:
            with _parts(url, self.urls, self.receiver) as parts:
                yield RelayDatabase(url, parts, self.receiver)
                parts.delivery().close()
        finally:
            drop_database(self.urls, copy)


@contextmanager
def _parts(url: str, urls: ServiceUrls, receiver: Receiver) -> Iterator[Parts]:
    """Make parts on this database this process's own for the block."""
    users = with_users(urls, url, SETTING)
    own = {**SETTINGS, "RELAY_ALLOW_HOSTS": receiver.allowed}
    environment = {**settings_environment(urls, **users), **own}
    os.environ.update(environment)  # for the processes that a measurement starts
    parts = wiring.build(environment)
    wiring.use(parts)
    try:
        yield parts
    finally:
        parts.close()
        wiring.use(None)
