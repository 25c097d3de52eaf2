"""The real servers: what the harness promises of each, and what tests may do to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pika
import psutil
import psycopg2
import pytest
import redis

from local.services.databases import create_database, drop_database
from local.services.native.server import NativeServer
from local.services.running import RunningServices

LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")


@pytest.fixture(scope="module")
def services(own_services: RunningServices) -> RunningServices:
    """In place of the servers that all tests share, because they are killed here."""
    return own_services


@pytest.fixture
def unharmed(services: RunningServices) -> Iterator[RunningServices]:
    """The servers, all running again afterwards."""
    yield services
    for server in services.servers.values():
        server.resume()
        server.start()
        server.wait_ready()


def amqp(url: str) -> pika.BlockingConnection:
    return pika.BlockingConnection(pika.URLParameters(url))


def value(url: str, statement: str) -> Any:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    assert row is not None
    return row[0]


def listening_addresses(process: psutil.Process) -> list[str]:
    try:
        connections = process.net_connections("inet")
    except psutil.NoSuchProcess:  # a worker that ended since it was found
        return []
    return [c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN]


def test_durability_is_on(services: RunningServices) -> None:
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert value(services.urls.database_url, f"SHOW {setting}") == "on"


def test_strangers_are_refused(services: RunningServices) -> None:
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(services.urls.database_url.replace(":", ":x", 2).replace("x//", "//"))
    with pytest.raises(pika.exceptions.ProbableAuthenticationError):
        amqp(f"amqp://guest:guest@{services.urls.rabbitmq_url.split('@')[1]}")
    cache = f"redis://{services.urls.redis_url.split('@')[1]}"
    with redis.Redis.from_url(cache) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_plugins_are_on(services: RunningServices) -> None:
    overview = httpx.get(f"{services.urls.rabbitmq_management_url}/api/overview").json()

    assert {"rabbit_prometheus", "http/prometheus"} & {
        listener["protocol"] for listener in overview["listeners"]
    }


def test_killed_database_keeps_commits(unharmed: RunningServices) -> None:
    url = create_database(unharmed.urls, "killed")
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 7 AS number")
        connection.commit()

    unharmed.postgresql.kill()
    assert not unharmed.postgresql.is_running()
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(url)
    unharmed.postgresql.start()
    unharmed.postgresql.wait_ready()

    assert value(url, "SELECT number FROM kept") == 7
    drop_database(unharmed.urls, "killed")


def test_restarted_broker_keeps_its_messages(unharmed: RunningServices) -> None:
    with amqp(unharmed.urls.rabbitmq_url) as connection:
        channel = connection.channel()
        channel.queue_declare("kept", durable=True)
        channel.confirm_delivery()
        persistent = pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent)
        channel.basic_publish("", "kept", b"message", persistent)

    unharmed.rabbitmq.restart()

    with amqp(unharmed.urls.rabbitmq_url) as connection:
        channel = connection.channel()
        assert channel.basic_get("kept", auto_ack=True)[2] == b"message"
        channel.queue_delete("kept")


def test_killed_broker_keeps_its_port(unharmed: RunningServices) -> None:
    before = unharmed.rabbitmq.url

    unharmed.rabbitmq.kill()
    assert unharmed.rabbitmq.start() is True
    unharmed.rabbitmq.wait_ready()

    assert unharmed.rabbitmq.url == before


def test_paused_cache_answers_after_resume(unharmed: RunningServices) -> None:
    with redis.Redis.from_url(unharmed.urls.redis_url, socket_timeout=0.2, retry=None) as client:
        unharmed.redis.pause()
        assert unharmed.redis.is_running()
        with pytest.raises(redis.TimeoutError):
            client.ping()

        unharmed.redis.resume()

        assert client.ping()


def test_starting_what_runs_changes_nothing(services: RunningServices) -> None:
    began = value(services.urls.database_url, "SELECT pg_postmaster_start_time()")

    assert services.postgresql.start() is False
    assert value(services.urls.database_url, "SELECT pg_postmaster_start_time()") == began


def test_native_servers_listen_on_loopback_only(services: RunningServices) -> None:
    servers = [each for each in services.servers.values() if isinstance(each, NativeServer)]
    if not servers:
        pytest.skip("the servers run in containers")
    listening = [
        address
        for server in servers
        for process in server.family.members()
        for address in listening_addresses(process)
    ]

    assert len(listening) >= 6
    assert set(listening) <= set(LOOPBACK)
