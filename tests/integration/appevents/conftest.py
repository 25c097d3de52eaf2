"""app.events in this process: its databases, its queues, and a user who tells events."""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache, partial
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlencode, urlsplit

import jwt
import pika
import psycopg2
import pytest
from psycopg2.extras import RealDictCursor

from app import app
from chalicelib import systems
from chalicelib.appevents import topology, wiring
from chalicelib.appevents.video.object_store import bucket_of
from fintegrate.messaging.management import Management
from fintegrate.settings import SettingsError
from local.aws_shapes.lambda_context import LambdaContext
from local.aws_shapes.queue_event import Message, queue_event
from local.banking.in_process import api_event, invoke
from local.services.amqp import channel_on
from local.services.databases import create_database, drop_database, with_users
from local.services.running import RunningServices
from local.services.settings import settings_environment
from tests.conftest import WORKER
from tests.integration.appevents.posts import write_post
from tests.support.emptied_databases import EmptiedDatabases

_numbers = itertools.count(1)
DATABASES = systems.system_of("appevents").databases


class Reply(NamedTuple):
    """What was answered."""

    status: int
    data: Any
    description: str
    headers: dict[str, str]
    reason: str | None = None


@pytest.fixture(scope="package")
def app_databases(
    services: RunningServices, template_databases: dict[str, str]
) -> Iterator[dict[str, str]]:
    """The variables of all services' databases, with each user's address; made for all tests here."""
    made: dict[str, str] = {}
    names = []
    for database in DATABASES:
        names.append(f"{database.name}_{WORKER}")
        url = create_database(services.urls, names[-1], template_databases[database.setting])
        made |= with_users(services.urls, url, database.setting)
    yield made
    for name in names:
        drop_database(services.urls, name)


@pytest.fixture(scope="package")
def app_broker(services: RunningServices) -> Iterator[str]:
    """A virtual host of these tests' own, with the administrator as user."""
    yield from virtual_host(services, f"app_{WORKER}")


def virtual_host(services: RunningServices, host: str) -> Iterator[str]:
    """The address of a virtual host, while it is there."""
    management = Management(services.urls.rabbitmq_management_url, virtual_host=host)
    management.put_virtual_host()
    yield urlsplit(services.urls.rabbitmq_url)._replace(path=f"/{quote(host, safe='')}").geturl()
    management.delete_virtual_host()


@pytest.fixture(scope="package")
def emptied(app_databases: dict[str, str]) -> Iterator[EmptiedDatabases]:
    databases = EmptiedDatabases(
        {each.name: app_databases[each.master_setting] for each in DATABASES}
    )
    yield databases
    databases.close()


@pytest.fixture(scope="package")
def app_environment(
    services: RunningServices, app_databases: dict[str, str], app_broker: str
) -> dict[str, str]:
    return settings_environment(
        services.urls,
        **app_databases,
        APP_RABBITMQ_URL=app_broker,
        APP_RETRY_SECONDS="0.05,0.05,0.05,0.05,0.05",
        APP_RATE_LIMIT_USER_BURST="100000",
        LOG_LEVEL="WARNING",
    )


@pytest.fixture(scope="package")
def app_queues(app_environment: dict[str, str]) -> list[str]:
    """The names of all queues, which are there: first those that lead to others."""
    parts = wiring.build(app_environment)
    topology.declare_queues(parts.settings)
    names = topology.names_of(parts.settings)
    parts.close()
    return sorted(names, key=lambda name: (".retry." not in name, name.endswith(".dlq"), name))


@pytest.fixture
def environment(app_environment: dict[str, str]) -> dict[str, str]:
    return dict(app_environment)


@pytest.fixture
def running(
    environment: dict[str, str], emptied: EmptiedDatabases, app_queues: list[str]
) -> Iterator[wiring.Parts]:
    """The parts of this process, with empty databases and queues."""
    emptied.empty()
    with channel_on(environment["APP_RABBITMQ_URL"]) as channel:
        for queue in app_queues:
            if channel.queue_declare(queue, passive=True).method.message_count:
                channel.queue_purge(queue)
    wiring.use(wiring.build(environment))
    parts = wiring.parts()
    yield parts
    _end(parts)
    wiring.use(None)


@pytest.fixture
def rewired(
    running: wiring.Parts, environment: dict[str, str]
) -> Iterator[Callable[..., wiring.Parts]]:
    """Gives this process parts with other settings."""
    made: list[wiring.Parts] = []

    def rewire(**settings: str) -> wiring.Parts:
        made.append(wiring.build({**environment, **settings}))
        wiring.use(made[-1])
        return made[-1]

    yield rewire
    for parts in made:
        _end(parts)


def _end(parts: wiring.Parts) -> None:
    """Close all connections, also those to the object store, which a process keeps while it lives."""
    parts.close()
    with suppress(SettingsError):
        bucket_of(parts.settings).store.pool.close()


class User:
    """A user with a token, and the calls that the app makes."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.id = str(uuid.uuid4())
        claims = {
            "sub": self.id,
            "iss": environment["JWT_ISSUER"],
            "aud": environment["JWT_AUDIENCE"],
            "exp": int(time.time()) + 3600,
        }
        self.token = jwt.encode(claims, environment["JWT_SHARED_SECRET"], "HS256")

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, object] | None = None,
        **parameters: str,
    ) -> Reply:
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        sent = {name: value for name, value in sent.items() if value}
        raw = b"" if body is None else json.dumps(body).encode()
        event = api_event(method, path, sent, raw, urlencode(query or {}), parameters=parameters)
        answer = invoke(event)
        said = json.loads(answer["body"])
        detail = said["detail"]
        words, reason = detail["status_description"], detail.get("reason")
        return Reply(answer["statusCode"], said["data"], words, answer["headers"], reason)

    def tell(self, event_type: str, data: Any, event_id: str | None = None, **more: Any) -> str:
        """Tell an event that is accepted; returns its id."""
        said = event(event_type, data, event_id, **more)
        reply = self.call("POST", "/api/v1/notify/events", said)
        assert reply.status == 202, reply
        return str(said["client_generated_id"])

    def state(self, event_id: str) -> Any:
        """What became of an event."""
        path = "/api/v1/notify/events/{client_generated_id}"
        reply = self.call("GET", path, client_generated_id=event_id)
        assert reply.status == 200, reply
        return reply.data


def event(event_type: str, data: Any, event_id: str | None = None, **more: Any) -> dict[str, Any]:
    """An event as a client tells it."""
    return {
        "event_type": event_type,
        "client_generated_id": event_id or str(uuid.uuid4()),
        "timestamp": "2026-11-26T10:00:00Z",
        "data": data,
        **more,
    }


@pytest.fixture
def make_user(running: wiring.Parts, environment: dict[str, str]) -> Callable[[], User]:
    return lambda: User(environment)


@pytest.fixture
def user(make_user: Callable[[], User]) -> User:
    return make_user()


@pytest.fixture
def pump(running: wiring.Parts) -> Callable[..., dict[str, Any]]:
    """Feeds a service's function with what waits in its queue, as the event source does, once."""
    functions = {each.name: each for each in app.pure_lambda_functions}

    def feed(service: str, redelivered: bool = False, seconds: float = 60) -> dict[str, Any]:
        queue = f"app.{service}"
        with channel_on(running.settings.app_rabbitmq_url) as channel:
            batch, tag = [], 0
            while len(batch) < 10:
                method, properties, body = channel.basic_get(queue)
                if method is None or properties is None or body is None:
                    break
                tag = method.delivery_tag
                again = redelivered or method.redelivered
                batch.append(Message(body, properties, again, tag))
            if not batch:
                return {"messages": 0}
            handed = queue_event(queue, "app", batch)
            try:
                done = functions[f"app_{service}"].func(handed, LambdaContext(queue, seconds))
            except Exception:
                channel.basic_nack(tag, multiple=True, requeue=True)
                raise
            channel.basic_ack(tag, multiple=True)
            return dict(done)

    return feed


@pytest.fixture
def settle(pump: Callable[..., dict[str, Any]]) -> Callable[..., None]:
    """Lets a service act on what waits, and the outcomes reach their events."""

    def run(service: str) -> None:
        while pump(service)["messages"]:
            pass
        while pump("notification")["messages"]:
            pass

    return run


@pytest.fixture
def settle_once(pump: Callable[..., dict[str, Any]]) -> Callable[[str], None]:
    """As `settle`, but what the service tries again waits: on every machine one try is spent."""

    def run(service: str) -> None:
        pump(service)
        while pump("notification")["messages"]:
            pass

    return run


@pytest.fixture
def query(app_databases: dict[str, str]) -> Iterator[Callable[..., list[dict[str, Any]]]]:
    """Runs SQL in a service's database as the server's master."""

    @cache
    def connection(service: str) -> Any:
        made = psycopg2.connect(app_databases[f"{service.upper()}_DATABASE_MASTER_URL"])
        made.autocommit = True
        return made

    opened: list[Any] = []

    def run(service: str, sql: str, **parameters: object) -> list[dict[str, Any]]:
        if (own := connection(service)) not in opened:
            opened.append(own)
        with own.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(sql, parameters)
            return (
                [dict(row) for row in cursor.fetchall()] if cursor.description is not None else []
            )

    yield run
    for each in opened:
        each.close()


@pytest.fixture
def post_of(query: Callable[..., list[dict[str, Any]]]) -> Callable[..., str]:
    """Writes a public post of an owner; returns its id."""
    return partial(write_post, query)


@pytest.fixture
def left_in(running: wiring.Parts) -> Callable[[str], int]:
    """How many messages a queue has."""

    def count(queue: str) -> int:
        with channel_on(running.settings.app_rabbitmq_url) as channel:
            return int(channel.queue_declare(queue, passive=True).method.message_count)

    return count


class Tell(Protocol):
    """Publishes an event as the one that has this sequence; returns its id."""

    def __call__(
        self, user: User, event_type: str, data: Any, sequence: int | None = None, **more: Any
    ) -> str: ...


@pytest.fixture
def tell(running: wiring.Parts) -> Tell:
    """Publishes an event straight to the exchange, with a sequence of the test's choice or none."""

    def publish(
        user: User, event_type: str, data: Any, sequence: int | None = None, **more: Any
    ) -> str:
        said = {**event(event_type, data, **more), "user_id": user.id}
        properties = pika.BasicProperties(
            message_id=said["client_generated_id"],
            delivery_mode=2,
            headers={} if sequence is None else {"sequence": sequence},
        )
        with channel_on(running.settings.app_rabbitmq_url) as channel:
            body = json.dumps(said).encode()
            channel.basic_publish(topology.EXCHANGE, event_type, body, properties, mandatory=True)
        return str(said["client_generated_id"])

    return publish
