"""Why an operator acted: asked of the console's operators, kept with the act, and listed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg2
import pytest

from chalicelib.appevents import wiring
from fintegrate.access.caller import Caller
from fintegrate.access.passes import Passes
from tests.integration.appevents.conftest import Reply, User
from tests.integration.appevents.console.written import Query
from tests.support.audit_rows import check_bound, check_filters
from tests.support.keys import key_id
from tests.support.schedules import run_schedule

REDRIVE = "/api/v1/ops/dead-letters/redrive"
SESSION = str(uuid.uuid4())
WHY = "mended the machine, ticket 4711"
FEW = 12
"""More than the ten that may come in addition between a dry run and the act."""
LETTERS = """
INSERT INTO dead_letters (service, event_type, error_code, error, attempt, body, headers, failed_at,
                          fingerprint)
SELECT 'machine', 'machine.note.saved', 'gave_up', '', 5, '{}', '{}', now(), n
FROM generate_series(1, %(count)s) n
"""
Look = Callable[..., Any]


@pytest.fixture
def operator(user: User, environment: dict[str, str]) -> Callable[..., Reply]:
    """Sends dead letters back, with the console's pass."""
    passes = Passes("CONSOLE_PASS_KEY", environment["CONSOLE_PASS_KEY"])

    def redrive(*, read_only: bool = False, **body: object) -> Reply:
        ann = Caller("a", "a", "a", True, actor="Ann", session_id=SESSION, read_only=read_only)
        headers = {"Authorization": "", "X-Console-Pass": passes.issue("appevents", ann).token}
        return user.call("POST", REDRIVE, {"service": "machine", **body}, headers=headers)

    return redrive


@pytest.fixture
def listed(look: Look) -> Look:
    return partial(look, "/audit/list")


def test_act_is_listed_with_its_reason(operator: Callable[..., Reply], listed: Look) -> None:
    done = operator(reason=WHY)

    (row,) = listed(action=f"POST {REDRIVE}")["rows"]

    assert (done.status, row["status_code"], row["reason"]) == (200, 200, WHY)
    assert (row["actor"], row["session_id"], row["owner_id"]) == ("Ann", SESSION, "console")
    counts = {"redriven": 0, "left": 0}
    assert row["details"] == {"filter": {"service": "machine"}, "counts": counts}


def test_programs_need_not_say_why(user: User, environment: dict[str, str], listed: Look) -> None:
    key = environment["ADMIN_API_KEY"]
    headers = {"Authorization": "", "X-API-Key": key}
    assert user.call("POST", REDRIVE, {"service": "machine"}, headers=headers).status == 200

    (row,) = listed()["rows"]

    assert (row["actor"], row["reason"], row["owner_id"]) == (None, "done", "admin")
    assert row["key_id"] == key_id(key)


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 501}], ids=str)
def test_session_must_say_why(
    operator: Callable[..., Reply], listed: Look, body: dict[str, str]
) -> None:
    assert operator(**body).status == 422
    assert listed()["rows"] == []


def test_refused_act_is_listed(operator: Callable[..., Reply], listed: Look, user: User) -> None:
    assert operator(read_only=True, reason=WHY).status == 403
    assert user.call("POST", REDRIVE, {"service": "machine"}).status == 403

    of_user, of_reader = listed(status_code=403)["rows"]

    assert (of_reader["actor"], of_user["owner_id"]) == ("Ann", user.id)
    assert "only look" in of_reader["reason"]


def test_what_users_do_leaves_none(user: User, listed: Look) -> None:
    wrong = {"Authorization": "Bearer x"}
    assert user.call("GET", "/api/v1/notify/events", headers=wrong).status == 401
    user.tell("machine.note.saved", {"machine_id": "leg-press-2", "body": "Seat on 4"})

    assert listed()["rows"] == []


def test_filters_of_the_list_hold(listed: Look, query: Query) -> None:
    check_filters(listed, partial(query, "notify"))


def test_list_reads_a_bounded_part(listed: Look, query: Query) -> None:
    check_bound(listed, partial(query, "notify"))


def test_only_operators_read_it(user: User) -> None:
    assert user.call("GET", "/app/audit/list").status == 403
    assert user.call("GET", "/app/audit/list", headers={"Authorization": ""}).status == 401


def test_audit_rows_go_with_age(
    operator: Callable[..., Reply], running: wiring.Parts, query: Query
) -> None:
    operator(reason=WHY)
    query(
        "notify",
        "INSERT INTO audit_log (request_id, action, status_code, reason, created_at)"
        " VALUES ('old', 'POST /x', 200, 'done', now() - interval '366 days')",
    )

    assert run_schedule("app_purge")["audit_rows"] == 1

    for trace in ("DELETE FROM audit_log", "UPDATE audit_log SET reason = ''"):
        with pytest.raises(psycopg2.errors.RestrictViolation):
            query("notify", trace)
    assert [row["reason"] for row in query("notify", "SELECT reason FROM audit_log")] == [WHY]


def test_dry_run_only_counts(operator: Callable[..., Reply], listed: Look, query: Query) -> None:
    query("notify", LETTERS, count=FEW)

    counted = operator(dry_run=True, read_only=True)

    assert (counted.status, counted.data) == (200, {"redriven": 0, "left": FEW})
    assert query("notify", "SELECT 1 FROM dead_letters WHERE redriven_at IS NOT NULL") == []
    assert listed()["rows"] == []


def test_far_more_than_expected_are_refused(
    operator: Callable[..., Reply], listed: Look, query: Query
) -> None:
    query("notify", LETTERS, count=FEW)

    refused = operator(reason=WHY, expected_count=1)
    done = operator(reason=WHY, expected_count=FEW - 1)

    assert (refused.status, done.status) == (409, 200)
    assert done.data == {"redriven": FEW, "left": 0}
    assert [row["status_code"] for row in listed()["rows"]] == [200, 409]
