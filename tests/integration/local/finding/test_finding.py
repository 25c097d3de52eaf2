"""A text is found in whatever the servers of a checkout hold, and nothing is disturbed by looking."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Callable, Iterator

import boto3
import pytest
import redis
from moto import mock_aws

from local.appevents.object_store import client_of
from local.finding.command import TooShort, find, find_in_stores, shown
from local.finding.places import Found, Place, Wanted
from local.finding.servers import find_in_objects, find_in_queues, find_in_redis
from local.finding.tables import databases_of, find_in_tables
from local.machine.checkout import Checkout
from local.services.running import RunningServices
from tests.support.queues import left_in, publish, temporary_queue
from tests.support.schemas import run
from tests.support.waiting import eventually

NAME = "Jürgen O'Hara"


@pytest.fixture
def wanted() -> Wanted:
    return Wanted(NAME)


@pytest.fixture
def database(empty_database: Callable[[], str]) -> str:
    url = empty_database()
    run(
        url,
        "CREATE TABLE people (plain text, raw bytea, told json, kept jsonb, said text[]);"
        "CREATE TABLE others (plain text, raw bytea);"
        "INSERT INTO others VALUES ('Jürgen', convert_to('O''Hara', 'UTF8'))",
    )
    return url


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("plain", "'JÜRGEN o''hara'"),
        ("raw", "convert_to('x Jürgen O''Hara', 'UTF8')"),
        ("told", f"'{json.dumps(NAME).replace(chr(39), chr(39) * 2)}'"),
        ("kept", "'{\"name\": \"Jürgen O''Hara\"}'"),
        ("said", "ARRAY['a', 'Jürgen O''Hara']"),
    ],
)
def test_every_kind_of_column_is_searched(
    database: str, wanted: Wanted, column: str, value: str
) -> None:
    run(database, f"INSERT INTO people ({column}) VALUES ({value}), (NULL)")
    found = Found()

    find_in_tables(database, "here", wanted, found)

    assert found.places == [Place("table", f"here people.{column}", 1)]


def test_database_that_is_gone_is_named(database: str, wanted: Wanted) -> None:
    found = Found()

    find_in_tables(f"{database}_gone", "here", wanted, found)

    assert found.left_out[0].startswith("the rest of the database here: ")


def test_all_databases_are_known(database: str) -> None:
    names = databases_of(database)

    assert database.rpartition("/")[2] in names
    assert "template1" not in names


@pytest.fixture
def client(services: RunningServices) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(services.urls.redis_url) as made:
        yield made


@pytest.mark.parametrize("kind", ["string", "hash", "list", "set", "zset", "name"])
def test_every_kind_of_key_is_searched(
    services: RunningServices, client: redis.Redis, wanted: Wanted, kind: str
) -> None:
    key = f"{uuid.uuid4()} {NAME if kind == 'name' else ''}"
    write = {
        "string": lambda: client.set(key, NAME),
        "hash": lambda: client.hset(key, "who", NAME),
        "list": lambda: client.rpush(key, "x", NAME),
        "set": lambda: client.sadd(key, NAME),
        "zset": lambda: client.zadd(key, {NAME: 1}),
        "name": lambda: client.set(key, "x"),
    }
    write[kind]()
    found = Found()
    try:
        find_in_redis(services.urls.redis_url, wanted, found)
    finally:
        client.delete(key)

    assert found.places == [Place("key", f"0 {key}", 1)]


def test_queues_are_counted_and_left_alone(services: RunningServices, wanted: Wanted) -> None:
    url, management = services.urls.rabbitmq_url, services.urls.rabbitmq_management_url
    with temporary_queue(url) as queue:
        publish(url, queue, NAME)

        def left_out() -> list[str]:
            found = Found()
            find_in_queues(management, wanted, found)
            return found.left_out

        said = f"queue / {queue}: 1 messages, not read"
        eventually(lambda: said in left_out(), "the broker's count")
        assert left_in(url, queue) == 1


def test_objects_are_opened(wanted: Wanted, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "made-up")
    with mock_aws():
        store = boto3.client("s3", region_name="us-east-1")
        store.create_bucket(Bucket="media")
        store.put_object(Bucket="media", Key="one", Body=f"of {NAME}".encode())
        store.put_object(Bucket="media", Key="two", Body=b"of nobody")
        packed = gzip.compress(f"of {NAME} and {NAME}".encode())
        store.put_object(Bucket="media", Key="three.jsonl.gz", Body=packed)
        store.put_object(Bucket="media", Key="torn.gz", Body=packed[:-9])
        found = Found()

        find_in_objects(store, "media", wanted, found)

    assert sorted(found.places) == [
        Place("object", "media one", 1),
        Place("object", "media three.jsonl.gz", 2),
    ]
    assert found.left_out == ["object media torn.gz: not readable as gzip"]


@pytest.mark.parametrize("store", ["OBJECT_STORE", "BANK_STORE"])
def test_stores_of_all_systems_are_opened(
    wanted: Wanted, monkeypatch: pytest.MonkeyPatch, store: str
) -> None:
    """Each by its own credentials; what no settings name is said to be left out."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    settings = {
        f"{store}_ENDPOINT": "https://s3.us-east-1.amazonaws.com",
        f"{store}_BUCKET": "files",
        f"{store}_ACCESS_KEY": "made-up",
        f"{store}_SECRET_KEY": "made-up",
    }
    with mock_aws():
        client = client_of(settings, store=store)
        client.create_bucket(Bucket="files")
        client.put_object(Bucket="files", Key="one", Body=NAME.encode())
        found = Found()

        find_in_stores(settings, client_of, wanted, found)

    assert found.places == [Place("object", "files one", 1)]
    other = ({"OBJECT_STORE", "BANK_STORE"} - {store}).pop()
    assert found.left_out == [f"the bucket of {other}_…: no setting names one"]


def test_answer_says_what_was_left_out() -> None:
    text = shown(Found([Place("table", "here people.plain", 2)], ["queue / q: 1 messages"]))

    assert "Tables:\n  here people.plain   2 rows\n" in text
    assert "Objects:\n  nothing\n" in text
    assert text.endswith("Not looked into:\n  queue / q: 1 messages")


def test_short_text_is_refused(tmp_path: object) -> None:
    with pytest.raises(TooShort, match="at least 3"):
        find(Checkout(), " a ", lambda _settings: None)
