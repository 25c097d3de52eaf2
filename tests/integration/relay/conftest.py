"""The relay's database, and rows in it as an admin and an ingest would have made them."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, NamedTuple
from urllib.parse import urlencode

import psycopg2
import pytest
from psycopg2.extras import RealDictCursor

from chalicelib.relay import wiring
from fintegrate.database import Database
from fintegrate.roles import Users, prepare
from local.banking.in_process import api_event, invoke
from local.services.databases import create_database, drop_database, with_users
from local.services.running import RunningServices
from local.services.settings import settings_environment
from tests.conftest import WORKER
from tests.support.receiver import Receiver, receiving

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
            "SELECT string_agg(format('DELETE FROM %I', relname), '; ') FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
            " AND relname NOT IN ('migration_history', 'ad_analytics_platforms')"
        )
        (deletions,) = cursor.fetchone() or ("",)
        # Quicker than TRUNCATE, which makes every file anew. The audit log's trigger would refuse it.
        cursor.execute(f"SET session_replication_role = replica; {deletions}")
        cursor.execute(
            "SELECT setval(oid, 1, false) FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'"
            " AND relname NOT LIKE 'ad_analytics_platforms%'"
        )
        cursor.execute(
            "DELETE FROM ad_analytics_platforms WHERE id > 7"
        )  # the migration made seven
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
            return (
                [dict(row) for row in cursor.fetchall()] if cursor.description is not None else []
            )

    yield run
    connection.close()


class Reply(NamedTuple):
    """What the relay answered."""

    status: int
    data: Any
    description: str
    headers: dict[str, str]
    text: str


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def environment(services: RunningServices, database_url: str, receiver: Receiver) -> dict[str, str]:
    users = with_users(services.urls, database_url, SETTING)
    return settings_environment(
        services.urls,
        **users,
        RELAY_ALLOW_HOSTS=receiver.allowed,
        RELAY_RETRY_SECONDS="0,0,0",
        LOG_LEVEL="WARNING",
        STAGE="local",
    )


def basic(user: str, password: str) -> dict[str, str]:
    """The header of HTTP Basic."""
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


@pytest.fixture
def call(environment: dict[str, str]) -> Iterator[Callable[..., Reply]]:
    """Calls the relay as one of its users."""
    wiring.use(wiring.build(environment))

    def call(
        method: str,
        path: str,
        body: Any = None,
        user: str | None = "admin",
        number: int = 0,
        **query: Any,
    ) -> Reply:
        secret = environment[f"RELAY_{'ADMIN' if user == 'admin' else 'INGEST'}_PASSWORD"]
        headers = basic(user, secret) if user else {}
        raw = b"" if body is None else json.dumps(body).encode()
        parameters = {"id": str(number)} if number else {}
        event = api_event(
            method, path, headers, raw, urlencode(query), "127.0.0.1", parameters=parameters
        )
        answer = invoke(event)
        said = json.loads(answer["body"])
        return Reply(
            answer["statusCode"],
            said["data"],
            said["detail"]["status_description"],
            answer["headers"],
            answer["body"],
        )

    yield call
    wiring.parts().delivery().close()
    wiring.parts().close()
    wiring.use(None)


@pytest.fixture
def secret(call: Callable[..., Reply], receiver: Receiver, query: Any) -> str:
    """A storefront with a webhook, whose secret this is."""
    made = call("POST", "/admin/v1/storefronts", {"storefront_id": "bosley", "name": "Bosley"})
    assert made.status == 201, made
    (platform,) = query("SELECT id FROM ad_analytics_platforms WHERE platform_code = 'webhook'")
    added = call(
        "POST",
        "/admin/v1/credentials",
        {
            "storefront_id": made.data["id"],
            "platform_id": platform["id"],
            "credentials": {},
            "settings": {"url": receiver.url},
        },
    )
    assert added.status == 201, added
    return str(added.data["made"]["secret"])


def deliver() -> dict[str, int]:
    """A run of the delivery; rows by the kind of their verdict."""
    return wiring.parts().delivery().run().rows
