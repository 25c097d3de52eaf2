"""The real servers: what the harness promises of each, and what tests may do to them."""

from __future__ import annotations

from contextlib import closing

import httpx
import pika
import psutil
import psycopg2
import pytest
import redis

from local.services.databases import create_database, drop_database

LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")


@pytest.fixture(scope="module")
def services(own_services):
    """In place of the servers that all tests share, because they are killed here."""
    return own_services


@pytest.fixture
def unharmed(services):
    """The servers, all running again afterwards."""
    yield services
    for server in services.servers.values():
        server.resume()
        server.start()
        server.wait_ready()


def amqp(url):
    return pika.BlockingConnection(pika.URLParameters(url))


def value(url, statement):
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def listening_addresses(process):
    try:
        connections = process.net_connections("inet")
    except psutil.NoSuchProcess:  # a worker that ended since it was found
        return []
    return [c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN]


def test_durability_is_on(services):
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert value(services.urls.database_url, f"SHOW {setting}") == "on"


def test_strangers_are_refused(services):
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(services.urls.database_url.replace(":", ":x", 2).replace("x//", "//"))
    with pytest.raises(pika.exceptions.ProbableAuthenticationError):
        amqp(f"amqp://guest:guest@{services.urls.rabbitmq_url.split('@')[1]}")
    cache = f"redis://{services.urls.redis_url.split('@')[1]}"
    with redis.Redis.from_url(cache) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_plugins_are_on(services):
    overview = httpx.get(f"{services.urls.rabbitmq_management_url}/api/overview").json()

    assert {"rabbit_prometheus", "http/prometheus"} & {
        listener["protocol"] for listener in overview["listeners"]
    }


def test_killed_database_keeps_what_was_committed(unharmed):
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


def test_restarted_broker_keeps_its_messages(unharmed):
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


def test_killed_broker_comes_back_on_its_port(unharmed):
    before = unharmed.rabbitmq.url

    unharmed.rabbitmq.kill()
    assert unharmed.rabbitmq.start() is True
    unharmed.rabbitmq.wait_ready()

    assert unharmed.rabbitmq.url == before


def test_paused_cache_answers_nobody_until_resumed(unharmed):
    with redis.Redis.from_url(unharmed.urls.redis_url, socket_timeout=0.2, retry=None) as client:
        unharmed.redis.pause()
        assert unharmed.redis.is_running()
        with pytest.raises(redis.TimeoutError):
            client.ping()

        unharmed.redis.resume()

        assert client.ping()


def test_starting_what_runs_changes_nothing(services):
    pid = value(services.urls.database_url, "SELECT pg_backend_pid()")

    assert services.postgresql.start() is False
    assert value(services.urls.database_url, "SELECT pg_backend_pid()") > pid


def test_native_servers_listen_on_loopback_only(services):
    family = getattr(services.rabbitmq, "family", None)
    if family is None:
        pytest.skip("the servers run in containers")
    listening = [
        address
        for server in services.servers.values()
        for process in server.family.members()
        for address in listening_addresses(process)
    ]

    assert len(listening) >= 6
    assert set(listening) <= set(LOOPBACK)
