"""What holds for every endpoint alike, asked of each one that the app has."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from chalicelib.appevents import wiring as app_wiring
from chalicelib.banking import wiring
from chalicelib.relay import wiring as relay_wiring
from local.appevents.tokens import make_token
from local.services.databases import create_database, drop_database, with_users
from local.services.running import RunningServices
from local.services.settings import settings_environment
from tests.integration.requests.endpoints import (
    EVERY,
    EVERY_DECORATED,
    POSTS,
    WITH_KEY,
    Route,
)
from tests.support.api import Api, Reply
from tests.support.banking import new_bank
from tests.support.broker import delete_queues
from tests.support.fixtures import UNLIMITED

BODIES_THAT_ARE_NO_OBJECT = {
    "broken": b'{"name": ',
    "two values": b"{} {}",
    "list": b"[]",
    "null": b"null",
    "number": b"7",
    "text": b'"name"',
    "not a number": b"NaN",
    "single quotes": b"{'name': 'x'}",
    "not UTF-8": b'{"name": "\xff"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "lone surrogate": b'{"name": "\\ud800"}',
    "nested too deep": b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}
KEYS_OF_AN_ENVELOPE = {"status_code", "status_name", "status_description"}
WITH_CREDENTIALS = [route for route in EVERY if not route.public]
CLOSED_TO_ANYBODY = [route for route in WITH_CREDENTIALS if not route.is_optional]
ADMINS = [route for route in WITH_CREDENTIALS if route.is_admins]
WITH_BODY = [route for route in EVERY_DECORATED if route.method != "GET"]
WITH_FIELDS = [
    route
    for route in WITH_BODY
    if route.spec and (fields := route.spec.takes.model_fields)
    if route.method != "DELETE" or any(field.is_required() for field in fields.values())
]
"""Those that have something to say. What is deleted may be known without."""
CLOSED = [
    route
    for route in EVERY_DECORATED
    if route.spec and route.spec.takes.model_config.get("extra") == "forbid"
]
"""Those that take no unknown field. A page of events does: its items are judged one by one."""
WITH_QUERY = [route for route in EVERY_DECORATED if route.method == "GET"]
each = pytest.mark.parametrize("route", EVERY, ids=str)
each_decorated = pytest.mark.parametrize("route", EVERY_DECORATED, ids=str)
each_with_credentials = pytest.mark.parametrize("route", WITH_CREDENTIALS, ids=str)
each_closed_to_anybody = pytest.mark.parametrize("route", CLOSED_TO_ANYBODY, ids=str)
each_with_key = pytest.mark.parametrize("route", WITH_KEY, ids=str)
each_of_the_admin = pytest.mark.parametrize("route", ADMINS, ids=str)
each_with_body = pytest.mark.parametrize("route", WITH_BODY, ids=str)
each_with_fields = pytest.mark.parametrize("route", WITH_FIELDS, ids=str)
each_closed = pytest.mark.parametrize("route", CLOSED, ids=str)
each_with_query = pytest.mark.parametrize("route", WITH_QUERY, ids=str)
each_post = pytest.mark.parametrize("route", POSTS, ids=str)


@dataclass(frozen=True)
class Of:
    """Who asks a system, and with which words it refuses them.

    Attributes:
        admin: who may call the admin's endpoints
        caller: who may call the others
        tenant: who may not call the admin's
    """

    admin: Api
    caller: Api
    tenant: Api
    malformed: Api
    missing: str
    wrong: str
    not_admin: str
    most_bytes: int
    missing_admin: str = ""
    """If operators have another scheme than the others."""

    def missing_at(self, route: Route) -> str:
        return (self.missing_admin if route.is_admins else "") or self.missing


@dataclass(frozen=True)
class Callers:
    """The callers of each system, and a tenant whose consumer is deactivated."""

    of: dict[str, Of]
    deactivated: Api
    use: Callable[[], None]

    def __getitem__(self, route: Route) -> Of:
        return self.of[route.system]

    def allowed(self, route: Route) -> Api:
        """Somebody who may call this endpoint."""
        return self[route].admin if route.is_admins else self[route].caller


@pytest.fixture(scope="module")
def unlimited(
    services: RunningServices, template_databases: dict[str, str]
) -> Iterator[dict[str, str]]:
    """Settings of all systems, each database for the whole module."""
    names = {s: f"{name}_every_endpoint" for s, name in template_databases.items()}
    users: dict[str, str] = {}
    for setting, name in names.items():
        url = create_database(services.urls, name, template_databases[setting])
        users |= with_users(services.urls, url, setting)
    limits = {
        **UNLIMITED,
        "RELAY_RATE_LIMIT_PER_MINUTE": "6000000",
        "APP_RATE_LIMIT_USER_BURST": "1000000",
    }
    yield settings_environment(services.urls, **{**limits, **users})
    for name in names.values():
        drop_database(services.urls, name)


@pytest.fixture(scope="module")
def once(unlimited: dict[str, str]) -> Iterator[Callers]:
    """The callers for the whole module: what is asked here changes nothing."""
    banking, relay = wiring.build(unlimited), relay_wiring.build(unlimited)
    appevents = app_wiring.build(unlimited)

    def use() -> None:
        wiring.use(banking)
        relay_wiring.use(relay)
        app_wiring.use(appevents)

    use()
    admin = Api(unlimited["ADMIN_API_KEY"])
    tenant, gone = new_bank(admin), new_bank(admin)
    admin.post("/consumer/change-status", consumer_id=gone.consumer_id, status="deactivated")
    of_banking = banks(admin, tenant.api, banking.settings.max_body_bytes)
    of_relay = users_of_relay(unlimited, relay.settings.relay_max_body_bytes)
    of_app = users_of_app(unlimited, appevents.settings.app_max_body_bytes)
    of = {"banking": of_banking, "relay": of_relay, "appevents": of_app}
    yield Callers(of, gone.api, use)
    for built in (banking, relay, appevents):
        built.close()
    use_none()
    for bank in (tenant, gone):
        delete_queues(unlimited["RABBITMQ_URL"], bank.name)


def banks(admin: Api, tenant: Api, most_bytes: int) -> Of:
    return Of(
        admin=admin,
        caller=admin,
        tenant=tenant,
        malformed=Api("fk_x_y"),
        missing="X-API-Key is missing; send your API key in this header",
        wrong="X-API-Key is malformed; check that the key was copied as a whole",
        not_admin="This endpoint is the admin's; ",
        most_bytes=most_bytes,
    )


def users_of_relay(environment: dict[str, str], most_bytes: int) -> Of:
    admin = login(environment, "ADMIN")
    return Of(
        admin=admin,
        caller=admin,
        tenant=login(environment, "INGEST"),
        malformed=Api(None, login=("a", "\0")),
        missing="Authorization is missing; send your user and password by HTTP Basic",
        wrong="The user or the password is wrong",
        not_admin="This endpoint is for users with the role admin",
        most_bytes=most_bytes,
    )


def users_of_app(environment: dict[str, str], most_bytes: int) -> Of:
    user = Api(None, token=make_token(environment, str(uuid.uuid4()), hours=1))
    return Of(
        admin=Api(environment["ADMIN_API_KEY"]),
        caller=user,
        tenant=user,
        malformed=Api(None, token="a.b.c"),
        missing="Authorization is missing; send your token as Authorization: Bearer <token>",
        wrong="The token is not valid; send a valid one as Authorization: Bearer <token>",
        not_admin="This endpoint is the admin's",
        most_bytes=most_bytes,
        missing_admin="X-API-Key is missing; send the admin's key in this header",
    )


def login(environment: dict[str, str], role: str) -> Api:
    """One of the relay's users."""
    user, password = (environment[f"RELAY_{role}_{what}"] for what in ("USER", "PASSWORD"))
    return Api(None, login=(user, password))


@pytest.fixture
def callers(once: Callers) -> Iterator[Callers]:
    once.use()
    yield once
    use_none()


def use_none() -> None:
    """Forget the parts of this process."""
    for each in (wiring, relay_wiring, app_wiring):
        each.use(None)


def refused(reply: Reply, status: int, name: str) -> str:
    """The sentence of a refusal that has the contract's shape."""
    assert reply.status == status, reply
    assert reply.body == {"data": {}, "detail": reply.detail}
    assert set(reply.detail) == KEYS_OF_AN_ENVELOPE
    assert reply.detail["status_name"] == name
    assert reply.headers["Content-Type"] == "application/json"
    assert len(reply.description) > 10
    return reply.description


def ask_wrongly(api: Api, route: Route, **headers: str) -> Reply:
    """A request that no endpoint takes: with a field that none knows."""
    if route.method == "GET":
        return api("GET", route.path, query={"no_such_field": "1"}, headers=headers)
    return api(route.method, route.path, {"no_such_field": 1}, headers=headers)


def test_the_route_table_is_not_empty() -> None:
    assert len(WITH_KEY) >= 25
    assert {"POST /customer/data", "POST /v1/events"} <= set(map(str, WITH_CREDENTIALS))
    assert {"POST /consumer/data", "GET /admin/v1/lanes"} <= set(map(str, ADMINS))


@each_closed_to_anybody
def test_without_credentials_nobody_comes_in(callers: Callers, route: Route) -> None:
    reply = ask_wrongly(Api(None), route)

    assert refused(reply, 401, "UNAUTHORIZED") == callers[route].missing_at(route)


@each_with_credentials
def test_malformed_credentials_are_refused(callers: Callers, route: Route) -> None:
    reply = ask_wrongly(callers[route].malformed, route)

    assert refused(reply, 401, "UNAUTHORIZED") == callers[route].wrong


@each_with_key
def test_deactivated_consumer_is_refused(callers: Callers, route: Route) -> None:
    sentence = refused(ask_wrongly(callers.deactivated, route), 403, "FORBIDDEN")

    assert sentence == "This consumer is deactivated; ask the operator to activate it"


@each_of_the_admin
def test_tenant_cannot_use_admins_endpoints(callers: Callers, route: Route) -> None:
    sentence = refused(ask_wrongly(callers[route].tenant, route), 403, "FORBIDDEN")

    assert sentence.startswith(callers[route].not_admin)


@each_closed
def test_unknown_field_is_named(callers: Callers, route: Route) -> None:
    sentence = refused(ask_wrongly(callers.allowed(route), route), 422, "UNPROCESSABLE_ENTITY")

    assert "no_such_field: is not a known field" in sentence.split("; ")


@each_with_query
def test_get_body_is_checked_too(callers: Callers, route: Route) -> None:
    reply = callers.allowed(route)("GET", route.path, {"no_such_field": 1})

    sentence = refused(reply, 422, "UNPROCESSABLE_ENTITY")
    assert "no_such_field: is not a known field" in sentence.split("; ")


@each_decorated
def test_body_must_be_json_object(callers: Callers, route: Route) -> None:
    judged_by_field = (
        {"lone surrogate"} if route.system == "appevents" or route not in CLOSED else set()
    )
    for what in BODIES_THAT_ARE_NO_OBJECT.keys() - judged_by_field:
        reply = callers.allowed(route)(
            route.method, route.path, raw=BODIES_THAT_ARE_NO_OBJECT[what]
        )

        sentence = refused(reply, 400, "BAD_REQUEST")
        told = ("send a JSON object", "send fields and values in braces")
        assert any(each in sentence for each in told), what


@each_with_fields
def test_empty_body_is_refused(callers: Callers, route: Route) -> None:
    sentence = refused(callers.allowed(route)(route.method, route.path), 400, "BAD_REQUEST")

    assert sentence == "The body is not valid JSON; send a JSON object"


@each_decorated
def test_body_of_another_type_is_refused(callers: Callers, route: Route) -> None:
    reply = callers.allowed(route)(
        route.method, route.path, raw=b"a=1", headers={"Content-Type": "text/plain"}
    )

    sentence = refused(reply, 415, "UNSUPPORTED_MEDIA_TYPE")
    assert sentence == "The body must be JSON; send Content-Type: application/json"


@each_decorated
def test_json_body_may_name_charset(callers: Callers, route: Route) -> None:
    reply = callers.allowed(route)(
        route.method,
        route.path,
        {"no_such_field": 1},
        headers={"Content-Type": "application/json; charset=utf-8"},
    )

    assert reply.status == 422


@each_decorated
def test_too_large_body_is_refused(callers: Callers, route: Route) -> None:
    limit = callers[route].most_bytes
    body = json.dumps({"name": "x" * limit}).encode()

    sentence = refused(
        callers.allowed(route)(route.method, route.path, raw=body), 413, "REQUEST_ENTITY_TOO_LARGE"
    )

    assert sentence == (
        f"The body has {len(body)} bytes, at most {limit} are taken; send fewer entries"
    )


@each_with_body
def test_query_belongs_to_get_alone(callers: Callers, route: Route) -> None:
    reply = callers.allowed(route)(route.method, route.path, {}, query={"name": "x"})

    sentence = refused(reply, 422, "UNPROCESSABLE_ENTITY")
    assert sentence == "query: only GET takes query parameters; send a JSON object instead"


@each_with_query
def test_parameter_given_twice_is_refused(callers: Callers, route: Route) -> None:
    reply = callers.allowed(route)("GET", route.path, query={"limit": [1, 2]})

    sentence = refused(reply, 422, "UNPROCESSABLE_ENTITY")
    assert sentence == "limit: is given 2 times, give it once"


@each_post
def test_malformed_idempotency_key_is_refused(callers: Callers, route: Route) -> None:
    body = _least_body(route)
    for wrong in ("", "k" * 256, "tab\there"):
        reply = callers.allowed(route)("POST", route.path, body, headers={"Idempotency-Key": wrong})
        sentence = refused(reply, 422, "UNPROCESSABLE_ENTITY")
        assert sentence.startswith("Idempotency-Key: ")


@each
def test_sane_request_id_comes_back(callers: Callers, route: Route) -> None:
    reply = ask_wrongly(callers.allowed(route), route, **{"X-Request-Id": "the.callers-own_1"})

    assert reply.headers["X-Request-Id"] == "the.callers-own_1"


@each
def test_insane_request_id_is_replaced(callers: Callers, route: Route) -> None:
    for insane in ("a b", "x" * 129, "<script>", "é"):
        reply = ask_wrongly(callers.allowed(route), route, **{"X-Request-Id": insane})

        assert uuid.UUID(reply.headers["X-Request-Id"])


@each
def test_answers_forbid_caching_and_sniffing(callers: Callers, route: Route) -> None:
    reply = ask_wrongly(callers.allowed(route), route)

    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


def _least_body(route: Route) -> dict[str, object]:
    """A body that validates, so that what comes after the validation is reached."""
    nobody = str(uuid.uuid4())
    bodies: dict[str, dict[str, object]] = {
        "/console/session": {"actor": "Ann"},
        "/consumer/api-key": {"consumer_id": nobody},
        "/consumer/broker-access": {"consumer_id": nobody},
        "/consumer/change-status": {"consumer_id": nobody, "status": "active"},
        "/consumer/delivery": {"consumer_id": nobody, "delivery": "queue"},
        "/consumer/delivery/rotate": {"consumer_id": nobody},
        "/consumer/delivery/test": {"consumer_id": nobody},
        "/consumer/data": {"consumer_name": "never_created"},
        "/consumer/deactivate-api-key": {"api_key": nobody},
        "/consumer/export": {},
        "/consumer/format": {"consumer_id": nobody, "message_format": "xml"},
        "/consumer/offboard": {"consumer_id": nobody, "reason": "nobody leaves"},
        "/consumer/onboard": {"consumer_name": "never_onboarded"},
        "/customer/analytics": {"customer_id": nobody},
        "/customer/data": {"name": "Jane Roe"},
        "/customer/erase": {"customer_id": nobody, "reason": "nobody asked"},
        "/customer/tag": {"customer_id": nobody, "tag_keys": ["k"], "tag_values": ["v"]},
        "/dead-letters/requeue": {"dead_letter_ids": [nobody], "reason": "nobody sent it"},
        "/dead-letters/resolve": {"dead_letter_ids": [nobody], "reason": "nobody sent it"},
        "/events/confirm-delivery": {"event_id": nobody, "status": "processed"},
        "/events/redeliver": {"period_in_days": 1},
        "/events/resend": {"period_in_days": 1},
        "/events/rewind": {"consumer_id": nobody, "reason": "nobody reads it"},
        "/replay/change-status": {"job_id": nobody, "action": "pause"},
        "/replay/data": {"dry_run": True},
        "/events/skip-head": {"customer_id": nobody, "reason": "nobody waits for it"},
    }
    assert route.path in bodies, f"{route} is new: say here what it takes"
    return bodies[route.path]
