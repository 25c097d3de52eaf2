"""What holds for every endpoint alike, asked of each one that the app has."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from chalicelib.banking import wiring
from chalicelib.banking.wiring import Parts
from local.services.databases import create_database, drop_database, with_users
from local.services.running import RunningServices
from local.services.settings import settings_environment
from tests.integration.requests.endpoints import (
    ADMINS,
    DECORATED,
    POSTS,
    ROUTES,
    WITH_BODY,
    WITH_KEY,
    WITH_QUERY,
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
each = pytest.mark.parametrize("route", ROUTES, ids=str)
each_decorated = pytest.mark.parametrize("route", DECORATED, ids=str)
each_with_key = pytest.mark.parametrize("route", WITH_KEY, ids=str)
each_of_the_admin = pytest.mark.parametrize("route", ADMINS, ids=str)
each_with_body = pytest.mark.parametrize("route", WITH_BODY, ids=str)
each_with_query = pytest.mark.parametrize("route", WITH_QUERY, ids=str)
each_post = pytest.mark.parametrize("route", POSTS, ids=str)


@dataclass(frozen=True)
class Callers:
    """Who asks: the admin, a tenant, and a tenant whose consumer is deactivated."""

    parts: Parts
    admin: Api
    tenant: Api
    deactivated: Api


@pytest.fixture(scope="module")
def once(services: RunningServices, template_database: str) -> Iterator[Callers]:
    """One database for the whole module: what is asked here is refused and changes nothing."""
    name = f"{template_database}_every_endpoint"
    url = create_database(services.urls, name, template_database)
    users = with_users(services.urls, url)
    environment = settings_environment(services.urls, **{**UNLIMITED, **users})
    parts = wiring.build(environment)
    wiring.use(parts)
    admin = Api(environment["ADMIN_API_KEY"])
    tenants = [new_bank(admin) for _ in range(2)]
    admin.post("/consumer/change-status", consumer_id=tenants[1].consumer_id, status="deactivated")
    yield Callers(parts, admin, tenants[0].api, tenants[1].api)
    parts.close()
    wiring.use(None)
    for tenant in tenants:
        delete_queues(environment["RABBITMQ_URL"], tenant.name)
    drop_database(services.urls, name)


@pytest.fixture
def callers(once: Callers) -> Iterator[Callers]:
    wiring.use(once.parts)
    yield once
    wiring.use(None)


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
    assert {"POST /customer/data", "GET /events/list"} <= set(map(str, WITH_KEY))
    assert {"POST /consumer/data", "GET /consumer/list"} <= set(map(str, ADMINS))


@each_with_key
def test_without_key_nobody_comes_in(callers: Callers, route: Route) -> None:
    sentence = refused(ask_wrongly(Api(None), route), 401, "UNAUTHORIZED")

    assert sentence == "X-API-Key is missing; send your API key in this header"


@each_with_key
def test_malformed_key_is_refused(callers: Callers, route: Route) -> None:
    sentence = refused(ask_wrongly(Api("fk_x_y"), route), 401, "UNAUTHORIZED")

    assert sentence == "X-API-Key is malformed; check that the key was copied as a whole"


@each_with_key
def test_deactivated_consumer_is_refused(callers: Callers, route: Route) -> None:
    sentence = refused(ask_wrongly(callers.deactivated, route), 403, "FORBIDDEN")

    assert sentence == "This consumer is deactivated; ask the operator to activate it"


@each_of_the_admin
def test_tenant_cannot_use_admins_endpoints(callers: Callers, route: Route) -> None:
    sentence = refused(ask_wrongly(callers.tenant, route), 403, "FORBIDDEN")

    assert sentence.startswith("This endpoint is the admin's; ")


@each_decorated
def test_unknown_field_is_named(callers: Callers, route: Route) -> None:
    sentence = refused(ask_wrongly(callers.admin, route), 422, "UNPROCESSABLE_ENTITY")

    assert "no_such_field: is not a known field" in sentence.split("; ")


@each_with_query
def test_get_body_is_checked_too(callers: Callers, route: Route) -> None:
    reply = callers.admin("GET", route.path, {"no_such_field": 1})

    sentence = refused(reply, 422, "UNPROCESSABLE_ENTITY")
    assert "no_such_field: is not a known field" in sentence.split("; ")


@each_decorated
@pytest.mark.parametrize("what", BODIES_THAT_ARE_NO_OBJECT)
def test_body_must_be_json_object(callers: Callers, route: Route, what: str) -> None:
    reply = callers.admin(route.method, route.path, raw=BODIES_THAT_ARE_NO_OBJECT[what])

    sentence = refused(reply, 400, "BAD_REQUEST")
    assert "send a JSON object" in sentence or "send fields and values in braces" in sentence


@each_with_body
def test_empty_body_is_refused(callers: Callers, route: Route) -> None:
    sentence = refused(callers.admin(route.method, route.path), 400, "BAD_REQUEST")

    assert sentence == "The body is not valid JSON; send a JSON object"


@each_decorated
def test_body_of_another_type_is_refused(callers: Callers, route: Route) -> None:
    reply = callers.admin(
        route.method, route.path, raw=b"a=1", headers={"Content-Type": "text/plain"}
    )

    sentence = refused(reply, 415, "UNSUPPORTED_MEDIA_TYPE")
    assert sentence == "The body must be JSON; send Content-Type: application/json"


@each_decorated
def test_json_body_may_name_charset(callers: Callers, route: Route) -> None:
    reply = callers.admin(
        route.method,
        route.path,
        {"no_such_field": 1},
        headers={"Content-Type": "application/json; charset=utf-8"},
    )

    assert reply.status == 422


@each_decorated
def test_too_large_body_is_refused(callers: Callers, route: Route) -> None:
    limit = callers.parts.settings.max_body_bytes
    body = json.dumps({"name": "x" * limit}).encode()

    sentence = refused(
        callers.admin(route.method, route.path, raw=body), 413, "REQUEST_ENTITY_TOO_LARGE"
    )

    assert sentence == (
        f"The body has {len(body)} bytes, at most {limit} are taken; send fewer entries"
    )


@each_with_body
def test_query_belongs_to_get_alone(callers: Callers, route: Route) -> None:
    reply = callers.admin(route.method, route.path, {}, query={"name": "x"})

    sentence = refused(reply, 422, "UNPROCESSABLE_ENTITY")
    assert sentence == "query: only GET takes query parameters; send a JSON object instead"


@each_with_query
def test_parameter_given_twice_is_refused(callers: Callers, route: Route) -> None:
    reply = callers.admin("GET", route.path, query={"limit": [1, 2]})

    sentence = refused(reply, 422, "UNPROCESSABLE_ENTITY")
    assert sentence == "limit: is given 2 times, give it once"


@each_post
def test_malformed_idempotency_key_is_refused(callers: Callers, route: Route) -> None:
    body = _least_body(route)
    for wrong in ("", "k" * 256, "tab\there"):
        reply = callers.admin("POST", route.path, body, headers={"Idempotency-Key": wrong})
        sentence = refused(reply, 422, "UNPROCESSABLE_ENTITY")
        assert sentence.startswith("Idempotency-Key: ")


@each
def test_sane_request_id_comes_back(callers: Callers, route: Route) -> None:
    reply = ask_wrongly(callers.admin, route, **{"X-Request-Id": "the.callers-own_1"})

    assert reply.headers["X-Request-Id"] == "the.callers-own_1"


@each
@pytest.mark.parametrize("insane", ["a b", "x" * 129, "<script>", "é"])
def test_insane_request_id_is_replaced(callers: Callers, route: Route, insane: str) -> None:
    reply = ask_wrongly(callers.admin, route, **{"X-Request-Id": insane})

    assert uuid.UUID(reply.headers["X-Request-Id"])


@each
def test_answers_forbid_caching_and_sniffing(callers: Callers, route: Route) -> None:
    reply = ask_wrongly(callers.admin, route)

    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


def _least_body(route: Route) -> dict[str, object]:
    """A body that validates, so that what comes after the validation is reached."""
    nobody = str(uuid.uuid4())
    bodies: dict[str, dict[str, object]] = {
        "/consumer/api-key": {"consumer_id": nobody},
        "/consumer/broker-access": {"consumer_id": nobody},
        "/consumer/change-status": {"consumer_id": nobody, "status": "active"},
        "/consumer/data": {"consumer_name": "never_created"},
        "/consumer/deactivate-api-key": {"api_key": nobody},
        "/customer/analytics": {"customer_id": nobody},
        "/customer/data": {"name": "Jane Roe"},
        "/customer/tag": {"customer_id": nobody, "tag_keys": ["k"], "tag_values": ["v"]},
        "/events/confirm-delivery": {"event_id": nobody, "status": "processed"},
        "/events/redeliver": {"period_in_days": 1},
        "/events/resend": {"period_in_days": 1},
        "/events/rewind": {"consumer_id": nobody, "reason": "nobody reads it"},
        "/events/skip-head": {"customer_id": nobody, "reason": "nobody waits for it"},
    }
    assert route.path in bodies, f"{route} is new: say here what it takes"
    return bodies[route.path]
