"""The relay's database, and rows in it as an admin and an ingest would have made them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg2
import pytest
from psycopg2.extras import RealDictCursor

from fintegrate.database import Database
from fintegrate.roles import Users, prepare
from local.services.databases import create_database, drop_database, with_users
from local.services.running import RunningServices
from tests.conftest import WORKER

_numbers = itertools.count(1)
SETTING = "RELAY_DATABASE_URL"


@pytest.fixture(scope="package")
def prepared_url(services: RunningServices, template_databases: dict[str, str]) -> Iterator[str]:
    """A copy of the relay's migrated database, made for all tests here, as a deployment prepares it."""
    name = f"relay_{WORKER}"
    url = create_database(services.urls, name, template_databases[SETTING])
    master, owner, app, *guests = with_users(services.urls, url, SETTING).values()
    prepare(Users(master, owner, app), guest_urls=guests)
    yield url
    drop_database(services.urls, name)


@pytest.fixture
def database_url(prepared_url: str) -> str:
    """The relay's database as it is before its first event; the server's master's address."""
    with closing(psycopg2.connect(prepared_url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(
            "SELECT string_agg(quote_ident(relname), ', ') FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
            " AND relname NOT IN ('migration_history', 'ad_analytics_platforms')"
        )
        (tables,) = cursor.fetchone() or ("",)
        cursor.execute(f"TRUNCATE {tables} RESTART IDENTITY")
    return prepared_url


@pytest.fixture
def database(services: RunningServices, database_url: str) -> Iterator[Database]:
    """The functions' connection."""
    database = Database(with_users(services.urls, database_url, SETTING)[SETTING])
    yield database
    database.close()


@pytest.fixture
def make_lane(database_url: str) -> Callable[..., int]:
    """Makes a storefront with one destination and its lane; returns the lane's id."""

    def make(requests_per_minute: int = 60_000, concurrency: int = 4) -> int:
        number = next(_numbers)
        with psycopg2.connect(database_url) as connection, connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO storefronts (storefront_id, name) VALUES (%s, 'Shop') RETURNING id",
                (f"shop{number}",),
            )
            (storefront,) = cursor.fetchone() or (0,)
            cursor.execute(
                "INSERT INTO relay_lanes (storefront_id, destination_type, destination_id, adapter,"
                " requests_per_minute, concurrency, throttle_account)"
                " VALUES (%s, 'credential', %s, 'webhook', %s, %s, %s) RETURNING lane_id",
                (storefront, number, requests_per_minute, concurrency, f"account{number}"),
            )
            (lane_id,) = cursor.fetchone() or (0,)
            cursor.execute(
                "INSERT INTO relay_accounts (account, tokens) VALUES (%s, %s)",
                (f"account{number}", requests_per_minute / 6),
            )
        return int(lane_id)

    return make


@pytest.fixture
def make_events(database_url: str) -> Callable[[int, int], list[int]]:
    """Makes accepted events of a lane's storefront with their deliveries; returns their ids."""

    def make(lane_id: int, count: int) -> list[int]:
        with psycopg2.connect(database_url) as connection, connection.cursor() as cursor:
            cursor.execute(
                "WITH made AS ("
                " INSERT INTO marketing_events (event_id, identity, storefront_id, event_type,"
                "  event_time, dedup_id, status, accepted_at)"
                " SELECT gen_random_uuid()::text, gen_random_uuid()::text, l.storefront_id, 'paid',"
                "  clock_timestamp(), gen_random_uuid()::text, 'accepted', clock_timestamp()"
                " FROM relay_lanes l, generate_series(1, %(count)s) WHERE l.lane_id = %(lane)s"
                " RETURNING id)"
                " INSERT INTO event_deliveries (event, lane_id)"
                " SELECT id, %(lane)s FROM made RETURNING event",
                {"count": count, "lane": lane_id},
            )
            return sorted(event for (event,) in cursor.fetchall())

    return make


@pytest.fixture
def query(database_url: str) -> Iterator[Callable[..., list[dict[str, object]]]]:
    """Run SQL as the server's master."""
    connection = psycopg2.connect(database_url)
    connection.autocommit = True

    def run(sql: str, **parameters: object) -> list[dict[str, object]]:
        with connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(sql, parameters)
            return [dict(row) for row in cursor.fetchall()] if cursor.description else []

    yield run
    connection.close()
