"""Sessions of the console: what a cookie opens, when it ends, and what another site cannot do."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable

import pytest

from chalicelib.banking.tenants import ADMIN_ID
from tests.support.api import Api
from tests.support.banking import Bank, parts_with, together
from tests.support.console import ANN, Visitor, sign_in, token_in
from tests.support.fixtures import Query
from tests.support.keys import key_id, new_key, with_wrong_secret
from tests.support.schedules import run_schedule

OVER = "This session is over; sign in again"
FROM_ELSEWHERE = (
    "A request by cookie comes from the console's own page, with the header X-Console: 1"
)


def move(query: Query, column: str, interval: str) -> None:
    """Move a time of every session into the past."""
    query(f"UPDATE console_sessions SET {column} = {column} - interval '{interval}'")


def rows_of(query: Query, action: str) -> list[dict[str, object]]:
    return query(
        "SELECT consumer_id, key_id, actor, session_id, status_code, reason, details "
        "FROM audit_log WHERE action = %(action)s ORDER BY created_at",
        action=action,
    )


def test_cookie_is_kept_from_scripts(bank: Bank, query: Query) -> None:
    reply = bank.api.post("/console/session")

    token = token_in(reply)
    assert reply.headers["Set-Cookie"].split("; ")[1:] == [
        "Path=/",
        "Secure",
        "HttpOnly",
        "SameSite=Strict",
    ]
    assert len(token) == 43
    assert token not in str(reply.body)
    (row,) = query("SELECT token_hash FROM console_sessions")
    assert bytes(row["token_hash"]) == hashlib.sha256(token.encode()).digest()  # type: ignore[call-overload]


def test_session_says_who_calls(bank: Bank) -> None:
    visitor = sign_in(bank.api, ANN)

    shown = visitor.get("/console/session").data

    assert (shown["consumer_id"], shown["consumer_name"]) == (bank.consumer_id, bank.name)
    assert (shown["is_admin"], shown["actor"], shown["read_only"]) == (False, ANN, False)
    assert shown["idle_expires_at"] < shown["expires_at"]
    assert shown["server_time"] < shown["idle_expires_at"]
    assert shown["systems"] == [{"name": "banking", "title": "Fintegrate", "base_path": ""}]
    links = ("grafana", "prometheus", "traces", "runbooks")
    assert shown["links"] == dict.fromkeys(links)
    assert shown["thresholds"]["pending_too_long"] == 180
    assert (shown["stage"], shown["version"]) == ("local", "1.0.0")


def test_key_is_no_name(admin: Api, query: Query) -> None:
    """Banks read the names of those who acted on their data."""
    key = admin.key or ""

    reply = admin.post("/console/session", actor=key[:64])

    assert reply.status == 422
    assert reply.description.startswith("actor: must not have a key in it")
    assert key[36:60] not in reply.description
    assert query("SELECT FROM console_sessions") == []


def test_key_has_no_end_of_session(bank: Bank) -> None:
    shown = bank.api.get("/console/session").data

    assert (shown["expires_at"], shown["idle_expires_at"], shown["actor"]) == (None, None, "")


def test_cookie_sees_what_its_key_sees(
    make_bank: Callable[[], Bank], admin: Api, query: Query
) -> None:
    mine, other = make_bank(), make_bank()
    ours, theirs = mine.create_customer(), other.create_customer()
    visitor = sign_in(mine.api)

    listed = [each["customer_id"] for each in visitor.get("/customer/list").data["customers"]]

    assert listed == [ours]
    assert visitor.get("/customer/data", customer_id=theirs).status == 404
    assert visitor.get("/consumer/list").status == 403
    assert sign_in(admin).get("/consumer/list").status == 200


def test_admin_has_to_say_who_it_is(admin: Api, query: Query) -> None:
    reply = admin.post("/console/session")

    assert (reply.status, reply.description) == (
        422,
        "actor: is required of the admin; say who you are",
    )
    assert query("SELECT 1 FROM console_sessions") == []


@pytest.mark.parametrize("actor", ["", " ", "x" * 65, "a\0b", 7])
def test_actor_is_a_name(bank: Bank, actor: object) -> None:
    assert bank.api.post("/console/session", actor=actor).status == 422


def test_idempotency_key_is_not_taken(bank: Bank) -> None:
    reply = bank.api("POST", "/console/session", {}, headers={"Idempotency-Key": "once"})

    assert reply.status == 422
    assert reply.description.startswith("Idempotency-Key: ")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/console/session", {"actor": ANN}),
        ("POST", "/consumer/api-key", {"consumer_id": ADMIN_ID}),
    ],
)
def test_key_has_to_be_typed_here(admin: Api, method: str, path: str, body: object) -> None:
    reply = sign_in(admin)(method, path, body)

    assert (reply.status, reply.description) == (
        401,
        "X-API-Key is missing; send your API key in this header",
    )


def test_poll_keeps_no_session_alive(bank: Bank, query: Query) -> None:
    visitor = sign_in(bank.api)
    move(query, "last_used_at", "20 minutes")
    assert visitor.status == 200
    move(query, "last_used_at", "10 minutes")

    reply = visitor.poll("/customer/list")

    assert (reply.status, reply.description) == (401, OVER)


def test_click_keeps_the_session_alive(bank: Bank, query: Query) -> None:
    visitor = sign_in(bank.api)
    for _ in range(2):
        move(query, "last_used_at", "29 minutes")
        assert visitor.get("/customer/list").status == 200

    assert visitor.status == 200


def test_session_lasts_twelve_hours(bank: Bank, query: Query) -> None:
    visitor = sign_in(bank.api)
    move(query, "expires_at", "11 hours 59 minutes")
    assert visitor.get("/customer/list").status == 200
    move(query, "expires_at", "2 minutes")

    assert visitor.get("/customer/list").description == OVER


def test_sign_out_holds_from_the_next(bank: Bank, query: Query) -> None:
    mine, colleague = sign_in(bank.api, "Ann"), sign_in(bank.api, "Bob")

    reply = mine("DELETE", "/console/session")

    assert (reply.status, reply.data) == (200, {})
    assert token_in(reply) == ""
    assert "Max-Age=0" in reply.headers["Set-Cookie"]
    assert (mine.status, colleague.status) == (401, 200)


def test_sign_out_of_all_ends_all(make_bank: Callable[[], Bank]) -> None:
    bank, other = make_bank(), make_bank()
    sessions = [sign_in(bank.api) for _ in range(3)]
    foreign = sign_in(other.api)

    sessions[0]("DELETE", "/console/session", {"all": True})

    assert [each.status for each in sessions] == [401, 401, 401]
    assert foreign.status == 200


def test_key_may_end_its_sessions(bank: Bank) -> None:
    visitor = sign_in(bank.api)

    assert bank.api.delete("/console/session").status == 200
    assert visitor.status == 200
    assert bank.api.delete("/console/session", all=True).status == 200
    assert visitor.status == 401


def test_end_of_the_key_ends_sessions(bank: Bank, admin: Api) -> None:
    visitor = sign_in(bank.api)

    admin.post("/consumer/deactivate-api-key", api_key=bank.api.key)

    reply = visitor.get("/customer/list")
    assert (reply.status, reply.description) == (
        401,
        "This API key is deactivated; ask the operator for a new one",
    )


def test_rotation_ends_sessions(bank: Bank, admin: Api, query: Query) -> None:
    at_once, overlapping = sign_in(bank.api), None
    issued = admin.post("/consumer/api-key", consumer_id=bank.consumer_id, rotate=True)
    assert at_once.status == 401

    overlapping = sign_in(bank.api.with_key(issued.data["api_key"]))
    admin.post("/consumer/api-key", consumer_id=bank.consumer_id, rotate=True, overlap_minutes=5)
    assert overlapping.status == 200
    query("UPDATE consumer_api_keys SET expires_at = now() WHERE api_key_status = 'active' "
          "AND replaced_at IS NOT NULL")  # fmt: skip
    assert overlapping.status == 401


def test_inactive_consumer_is_refused(bank: Bank, admin: Api) -> None:
    visitor = sign_in(bank.api)

    admin.post("/consumer/change-status", consumer_id=bank.consumer_id, status="deactivated")

    assert visitor.status == 403


def test_key_has_twenty_sessions(bank: Bank, query: Query) -> None:
    sessions = [sign_in(bank.api) for _ in range(20)]
    sessions[3]("DELETE", "/console/session")
    assert sign_in(bank.api).status == 200
    assert [each.status for each in sessions] == [200] * 3 + [401] + [200] * 16

    sign_in(bank.api)

    assert [each.status for each in sessions] == [401] + [200] * 2 + [401] + [200] * 16


def test_sign_ins_at_once_keep_to_twenty(bank: Bank, query: Query) -> None:
    for _ in range(18):
        sign_in(bank.api)

    together([lambda: sign_in(bank.api)] * 6)

    living = query("SELECT count(*) AS count FROM console_sessions WHERE ended_at IS NULL")
    assert living == [{"count": 20}]


def test_reader_is_refused_every_act(admin: Api, bank: Bank, query: Query) -> None:
    reader = sign_in(admin, read_only=True)
    deactivation = {"consumer_id": bank.consumer_id, "status": "deactivated"}

    reply = reader("POST", "/consumer/change-status", deactivation)

    assert reply.status == 403
    assert reply.description.startswith("This session may only look")
    assert reader.get("/consumer/list").status == 200
    assert bank.api.get("/customer/list").status == 200
    assert reader("DELETE", "/console/session").status == 200
    (row,) = rows_of(query, "POST /consumer/change-status")
    assert (row["status_code"], row["actor"]) == (403, ANN)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Console": ""},
        {"X-Console": "2"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_sites_are_refused(
    bank: Bank, query: Query, method: str, headers: dict[str, str]
) -> None:
    visitor = sign_in(bank.api)
    move(query, "last_used_at", "5 minutes")
    before = query("SELECT last_used_at FROM console_sessions")
    path = "/customer/list" if method == "GET" else "/customer/data"

    reply = visitor(method, path, None if method == "GET" else {"name": "x"}, headers=headers)

    assert (reply.status, reply.description) == (403, FROM_ELSEWHERE)
    (row,) = rows_of(query, f"{method} {path}")
    assert (row["status_code"], row["consumer_id"], row["actor"]) == (403, bank.consumer_id, ANN)
    assert query("SELECT last_used_at FROM console_sessions") == before
    assert query("SELECT 1 FROM customers") == []


def test_request_without_mark_is_refused(bank: Bank) -> None:
    visitor = sign_in(bank.api)

    assert visitor("GET", "/customer/list", marked=False).status == 403
    assert visitor("GET", "/customer/list", headers={"Sec-Fetch-Site": "same-origin"}).status == 200


@pytest.mark.parametrize("token", ["x" * 43, "x", "", "a b", "é" * 43])
def test_made_up_cookie_is_refused(parts: object, query: Query, token: str) -> None:
    reply = Visitor(token, Api(None)).get("/customer/list")

    assert (reply.status, reply.description) == (401, OVER)
    (row,) = rows_of(query, "GET /customer/list")
    assert (row["status_code"], row["key_id"], row["consumer_id"]) == (401, None, None)


def test_without_cookie_the_key_is_missed(parts: object) -> None:
    reply = Visitor(None, Api(None)).get("/customer/list")

    assert reply.description == "X-API-Key is missing; send your API key in this header"


def test_key_counts_before_the_cookie(make_bank: Callable[[], Bank]) -> None:
    bank, other = make_bank(), make_bank()
    visitor = sign_in(bank.api)
    both = Visitor(visitor.token, other.api)

    assert both.get("/console/session").data["consumer_id"] == other.consumer_id
    assert Visitor(visitor.token, Api(new_key())).status == 401


def test_signing_in_and_out_is_audited(bank: Bank, query: Query) -> None:
    visitor = sign_in(bank.api, read_only=True)
    visitor("DELETE", "/console/session")
    assert visitor.status == 401

    (began,) = rows_of(query, "POST /console/session")
    (ended,) = rows_of(query, "DELETE /console/session")
    (refused,) = rows_of(query, "GET /console/session")
    (session,) = query("SELECT session_id FROM console_sessions")
    for row in (began, ended, refused):
        assert row["consumer_id"] == bank.consumer_id
        assert row["key_id"] == key_id(bank.api.key or "")
        assert (row["actor"], row["session_id"]) == (ANN, session["session_id"])
    assert (began["reason"], began["details"]) == ("signed in", {"read_only": True})
    assert (ended["reason"], ended["details"]) == ("signed out", {"all": False, "ended": 1})
    assert (refused["status_code"], refused["reason"]) == (401, OVER)


def test_refused_sign_in_is_audited(bank: Bank, query: Query) -> None:
    wrong = Api(with_wrong_secret(bank.api.key))

    assert [wrong.post("/console/session").status for _ in range(7)].count(401) >= 5

    rows = rows_of(query, "POST /console/session")
    assert {row["key_id"] for row in rows} == {key_id(bank.api.key or "")}
    assert query("SELECT 1 FROM console_sessions") == []


def test_act_in_a_session_names_its_actor(admin: Api, bank: Bank, query: Query) -> None:
    visitor = sign_in(admin)

    change = {"consumer_id": bank.consumer_id, "status": "deactivated"}
    visitor.post("/consumer/change-status", reason="its owner asked", **change)

    (row,) = rows_of(query, "POST /consumer/change-status")
    (session,) = query("SELECT session_id FROM console_sessions")
    assert (row["actor"], row["session_id"]) == (ANN, session["session_id"])
    assert row["status_code"] == 200


def test_session_spends_none_of_its_program(bank: Bank, environment: dict[str, str]) -> None:
    limits = {
        "RATE_LIMIT_SESSION_PER_MINUTE": "1",
        "RATE_LIMIT_SESSION_BURST": "2",
        "RATE_LIMIT_API_KEY_PER_MINUTE": "1",
        "RATE_LIMIT_API_KEY_BURST": "3",
    }
    with parts_with(environment, **limits):
        visitor, other = sign_in(bank.api), sign_in(bank.api)

        statuses = [visitor.get("/customer/list").status for _ in range(3)]

        assert statuses == [200, 200, 429]
        assert other.get("/customer/list").status == 200
        reply = bank.api.get("/customer/list")
        assert (reply.status, reply.headers["RateLimit-Remaining"]) == (200, "0")


def test_ended_sessions_are_purged(bank: Bank, query: Query) -> None:
    for _ in range(3):
        sign_in(bank.api)
    query("UPDATE console_sessions SET expires_at = now() - interval '25 hours' WHERE session_id "
          "= (SELECT session_id FROM console_sessions LIMIT 1)")  # fmt: skip

    assert run_schedule("purge")["console_sessions"] == 1

    assert query("SELECT count(*) AS count FROM console_sessions") == [{"count": 2}]


def test_session_ends_with_its_request_id(bank: Bank) -> None:
    """A session cannot be told from what never was, whatever its form."""
    first = Visitor(str(uuid.uuid4()), Api(None)).get("/customer/list")
    second = Visitor("A" * 43, Api(None)).get("/customer/list")

    assert first.body == second.body
