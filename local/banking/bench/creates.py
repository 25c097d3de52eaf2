"""Measures the cost of a request: a create against its floor, authentication, a create in an outage."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import patch

import bcrypt
import psycopg2
import redis
from chalice import Chalice

from chalicelib.banking.wiring import Parts, endpoint
from fintegrate.access.keys import read_form
from fintegrate.http.endpoint import Access, Answer, Call, Nothing
from fintegrate.http.rate_limit import BUCKET
from fintegrate.http.request_scope import request_scope
from local.banking.bench.api import prepared
from local.banking.bench.databases import BenchDatabase, BenchTemplate
from local.banking.bench.floor import RAW, RawCreate
from local.banking.client import Tenant
from local.bench.broker_outage import broker_away
from local.bench.figures import Figures
from local.bench.timing import in_turns, median, timed

TURNS = 24


def create(template: BenchTemplate) -> Figures:
    """A create through the handler (p50) and the raw floor, in turns."""
    with template.copy() as database:
        tenant = database.tenants[0]
        with RawCreate(
            database.database_url, database.rabbitmq_url, tenant.consumer_id, tenant.name
        ) as raw:
            ours, floor = in_turns(TURNS, creating(tenant), raw.create)
        figures = {
            "create_ms": median(ours),
            "create_floor_ms": median(floor),
            "create_vs_floor": median(ours) / median(floor),
        }
        return figures | bcrypt_runs(tenant)


def creating(tenant: Tenant) -> Callable[[], str]:
    """A function that creates a customer through the handler on each call."""
    return prepared(tenant.key, "POST", "/customer/data", {"name": "John Richard Doe"})


def bcrypt_runs(tenant: Tenant) -> Figures:
    """The number of bcrypt checks for a key that this process has already verified."""
    action = creating(tenant)
    action()
    with patch.object(bcrypt, "checkpw", wraps=bcrypt.checkpw) as check:
        timed(action, 50)
    return {"bcrypt_runs_of_a_verified_key": float(check.call_count)}


def authentication(template: BenchTemplate) -> Figures:
    """The cost of a key: two endpoints that do nothing, one of them public.

    The floor makes the same two round trips with the bare drivers.
    """
    with template.copy() as database:
        key = database.tenants[0].key
        app = _idle_app(database.parts)
        with_key = prepared(key, "GET", "/with-key", {}, app)
        without = prepared(key, "GET", "/without", {}, app)
        keyed, public, floor = in_turns(TURNS, with_key, without, _raw_checks(database, key))
    return {
        "auth_ms": median(keyed) - median(public),
        "auth_floor_ms": median(floor),
    }


def _idle_app(parts: Parts) -> Chalice:
    app = Chalice(app_name="bench", configure_logs=False)
    app.register_middleware(request_scope(lambda: parts.metrics), "http")
    for path, access in (("/with-key", Access.TENANT), ("/without", Access.PUBLIC)):
        idle: Callable[[Call[Nothing]], Answer] = lambda _call: Answer()  # noqa: E731
        idle.__name__ = path[1:]
        app.route(path, methods=["GET"])(endpoint(Nothing, access=access)(idle))
    return app


def _raw_checks(database: BenchDatabase, key_text: str) -> Callable[[], None]:
    connection = psycopg2.connect(database.database_url)
    connection.autocommit = True
    cursor = connection.cursor()
    bucket = redis.Redis.from_url(database.parts.settings.redis_url).register_script(BUCKET.text)
    key = read_form(key_text)
    assert key is not None
    key_id = key.key_id

    def check() -> None:
        cursor.execute(RAW["find_key"], {"key_id": key_id})
        cursor.fetchone()
        bucket(keys=[f"bench:{key_id}"], args=[100_000, 1_000_000])

    return check


def outage(template: BenchTemplate) -> Figures:
    """A create with the broker away and the breaker open, against one with the broker up, in turns."""
    up: list[float] = []
    down: list[float] = []
    with template.copy() as database:
        action = creating(database.tenants[0])
        timed(action, 25)
        for _ in range(TURNS // 2):
            up += timed(action, 25)
            with broker_away(database.parts.publisher):
                while database.parts.publisher.breaker.state != "open":
                    action()
                down += timed(action, 25)
            timed(action, 2)  # reconnect; not counted
    return {
        "outage_create_ms": median(down),
        "outage_create_up_ms": median(up),
        "outage_create_vs_up": median(down) / median(up),
    }
