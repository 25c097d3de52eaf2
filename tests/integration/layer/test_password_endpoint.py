"""Endpoints of an invented library whose readers and librarians call with HTTP Basic."""

from __future__ import annotations

import io
import json
import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import bcrypt
import psycopg2
import pytest
from chalice import Chalice
from chalice.test import Client

import fintegrate.http
from fintegrate.access.by_password import NOBODY, ByPassword
from fintegrate.access.users import read_users
from fintegrate.database import Database, Row
from fintegrate.http.audit import AuditLog
from fintegrate.http.endpoint import (
    Access,
    Answer,
    Call,
    Endpoint,
    Nothing,
    RequestParts,
    endpoints,
)
from fintegrate.http.idempotency import IdempotencyKeys
from fintegrate.http.rate_limit import RateLimiter
from fintegrate.http.request_scope import request_scope
from fintegrate.logs import line_handler
from fintegrate.metrics import OF_THE_LAYER
from fintegrate.metrics_store import Metrics
from fintegrate.redis_connection import RedisConnections
from local.services.running import RunningServices
from tests.unit.layer.access.test_by_password import basic

TABLES = Path(next(iter(fintegrate.http.__path__))) / "tables.sql"
BURST = 3
WRONG = "The user or the password is wrong"


class Reply(NamedTuple):
    """What a caller gets."""

    status: int
    body: Any
    headers: dict[str, str]


class Library:
    """The functions of one process."""

    def __init__(self, parts: RequestParts) -> None:
        self.parts = parts
        self.app = Chalice(app_name="library", configure_logs=False)
        self.app.register_middleware(request_scope(lambda: parts.metrics), "http")
        endpoint = endpoints(lambda: parts, Endpoint)

        @self.app.route("/loans", methods=["POST"])
        @endpoint(Nothing, status=201)
        def lend(call: Call[Nothing]) -> Answer:
            return Answer({"reader": call.caller.owner_id, "role": call.caller.role})

        @self.app.route("/books", methods=["POST"])
        @endpoint(Nothing, access=Access.ADMIN, status=201)
        def buy(call: Call[Nothing]) -> Answer:
            return Answer({"role": call.caller.role})

    def post(self, path: str, user: str = "", password: str = "", **headers: str) -> Reply:
        sent = {"Content-Type": "application/json", **headers}
        if user:
            sent["Authorization"] = basic(user, password).header("authorization") or ""
        with Client(self.app) as client:
            response = client.http.post(path, headers=sent, body=b"{}")
        found = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status_code, json.loads(response.body), found)

    def audit(self) -> list[Row]:
        return self.parts.database.fetch_all("SELECT * FROM audit_log ORDER BY created_at", {})


@pytest.fixture
def library(empty_database: Callable[[], str], services: RunningServices) -> Iterator[Library]:
    url = empty_database()
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(TABLES.read_text(encoding="utf-8"))
    roles = {"ann": "reader", "bob": "librarian"}
    said = {name: {"hashes": [hashed(name)], "role": role} for name, role in roles.items()}
    users = read_users("LIBRARY_USERS", json.dumps(said), set(roles.values()))
    database = Database(url)
    redis = RedisConnections(services.urls.redis_url, timeout_ms=2_000)
    space = uuid.uuid4().hex
    metrics = Metrics(redis, OF_THE_LAYER, prefix="library", namespace=space, bounds={})
    yield Library(
        RequestParts(
            database=database,
            schemes={
                "Password": ByPassword(
                    users, realm=space, admin_role="librarian", redis=redis, wrong_per_minute=2
                )
            },
            rate_limiter=RateLimiter(
                redis,
                metrics,
                per_minute=1,
                burst=BURST,
                subject="user",
                layer="user",
                kind=f"rate_limit:{space}",
            ),
            metrics=metrics,
            audit=AuditLog(database, metrics),
            idempotency_keys=IdempotencyKeys(database),
            max_body_bytes=1_000,
        )
    )
    database.close()


def hashed(name: str) -> str:
    return bcrypt.hashpw(f"{name}'s password".encode(), bcrypt.gensalt(4)).decode()


def test_user_is_the_handlers_caller(library: Library) -> None:
    reply = library.post("/loans", "ann", "ann's password")

    assert (reply.status, reply.body["data"]) == (201, {"reader": "ann", "role": "reader"})
    assert reply.headers["ratelimit-remaining"] == str(BURST - 1)


def test_refused_caller_is_challenged(library: Library) -> None:
    missing, wrong = library.post("/loans"), library.post("/loans", "ann", "bob's password")

    assert [missing.status, wrong.status] == [401, 401]
    assert wrong.body["detail"]["status_description"] == WRONG
    realm = library.parts.schemes["Password"]._realm  # type: ignore[attr-defined]
    assert missing.headers["www-authenticate"] == f'Basic realm="{realm}"'
    assert wrong.headers["www-authenticate"] == missing.headers["www-authenticate"]


def test_only_admins_role_is_admitted(library: Library) -> None:
    reader = library.post("/books", "ann", "ann's password")
    librarian = library.post("/books", "bob", "bob's password")

    assert (reader.status, "www-authenticate" in reader.headers) == (403, False)
    assert (librarian.status, librarian.body["data"]) == (201, {"role": "librarian"})


def test_refusals_and_actions_are_audited(library: Library) -> None:
    library.post("/books", "ann", "ann's password")
    library.post("/books", "ann", "wrong")
    library.post("/books", "ann's password", "in the wrong place")
    library.post("/books", "bob", "bob's password")

    told = [(row["owner_id"], row["key_id"], row["status_code"]) for row in library.audit()]
    assert told == [
        ("ann", "ann", 403),
        (None, "ann", 401),
        (None, NOBODY, 401),
        ("bob", "bob", 201),
    ]
    assert "password" not in str([row["action"] for row in library.audit()])


def test_limit_is_each_users_own(library: Library) -> None:
    ann = [library.post("/loans", "ann", "ann's password") for _ in range(BURST + 1)]

    assert [reply.status for reply in ann] == [201] * BURST + [429]
    assert "for this user" in ann[-1].body["detail"]["status_description"]
    assert library.post("/loans", "bob", "bob's password").status == 201


def test_wrong_passwords_spend_no_token(library: Library) -> None:
    wrong = [library.post("/loans", "ann", f"wrong {n}").status for n in range(BURST + 1)]

    assert wrong == [401, 401, 429, 429]
    assert library.post("/loans", "bob", "bob's password").status == 201


def test_repeated_key_is_its_users(library: Library) -> None:
    again = {"Idempotency-Key": "once"}
    first = library.post("/loans", "ann", "ann's password", **again)
    replayed = library.post("/loans", "ann", "ann's password", **again)
    other = library.post("/loans", "bob", "bob's password", **again)

    assert replayed.headers["idempotency-replayed"] == "true"
    assert replayed.body == first.body
    assert other.body["data"]["reader"] == "bob"


def test_password_is_written_nowhere(library: Library) -> None:
    lines = io.StringIO()
    handler = line_handler("library", lines)
    logging.getLogger().addHandler(handler)
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)
    sent = basic("ann", "ann's password").header("authorization") or ""
    try:
        library.post("/loans", "ann", "ann's password", **{"X-Request-Id": sent})
        library.post("/loans", "ann", "wrong password")
        reused = library.post("/loans", "ann", "ann's password", **{"Idempotency-Key": sent})
        logging.getLogger("library").warning("sent: %s", {"Authorization": sent})
    finally:
        logging.getLogger().setLevel(level)
        logging.getLogger().removeHandler(handler)

    assert reused.status == 422
    written = f"{lines.getvalue()} {library.audit()} {reused}"
    assert '"key_id":"ann"' in written
    assert "Basic [redacted]" in written
    for secret in ("ann's password", "wrong password", sent.removeprefix("Basic ")[8:]):
        assert secret not in written
