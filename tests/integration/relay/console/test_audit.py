"""Why an admin acted: asked of the console's operators, kept with the act, and listed."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest

from fintegrate.access.caller import Caller
from fintegrate.access.passes import Passes
from local.banking.in_process import api_event, invoke
from tests.integration.relay.conftest import Reply, basic
from tests.support.audit_rows import check_bound, check_filters

LIST, GIVE_UP = "/relay/audit/list", "/admin/v1/give-up"
SESSION = str(uuid.uuid4())
WHY = "asked for by the shop, ticket 4711"
FEW = 12
"""More than the ten that may come in addition between a dry run and the act."""
Call = Callable[..., Reply]
Query = Callable[..., list[dict[str, Any]]]
Operator = Callable[..., tuple[int, Any]]


@pytest.fixture
def lane(make_lane: Callable[..., int], make_events: Callable[[int, int], list[int]]) -> int:
    """A lane on which a few deliveries wait."""
    lane_id = make_lane()
    make_events(lane_id, FEW)
    return lane_id


@pytest.fixture
def operator(call: Call, environment: dict[str, str]) -> Operator:
    """Calls with the console's pass."""
    assert call
    passes = Passes("CONSOLE_PASS_KEY", environment["CONSOLE_PASS_KEY"])

    def ask(
        method: str, path: str, body: Any = None, number: int = 0, *, read_only: bool = False
    ) -> tuple[int, Any]:
        ann = Caller("a", "a", "a", True, actor="Ann", session_id=SESSION, read_only=read_only)
        headers = {"X-Console-Pass": passes.issue("relay", ann).token}
        raw = b"" if body is None else json.dumps(body).encode()
        parameters = {"id": str(number)} if number else {}
        answer = invoke(
            api_event(method, path, headers, raw, "", "127.0.0.1", parameters=parameters)
        )
        return answer["statusCode"], json.loads(answer["body"])["data"]

    return ask


def listed(call: Call, **wanted: object) -> Any:
    reply = call("GET", LIST, **wanted)
    assert reply.status == 200, reply
    return reply.data


def test_act_is_listed_with_its_reason(
    operator: Operator, lane: int, call: Call, query: Query
) -> None:
    status, _ = operator("POST", GIVE_UP, {"dry_run": False, "reason": WHY, "destinations": [lane]})

    (row,) = listed(call, action=f"POST {GIVE_UP}")["rows"]

    assert (status, row["status_code"], row["reason"]) == (200, 200, WHY)
    assert (row["actor"], row["session_id"], row["owner_id"]) == ("Ann", SESSION, "console")
    assert row["source_ip"] == "127.0.0.1"
    assert row["details"] == {
        "filter": {"destinations": [lane]},
        "counts": {"go_count": FEW},
    }


def test_replay_is_listed_with_its_counts(call: Call, lane: int) -> None:
    """A program need not say why."""
    told = call("POST", "/admin/v1/replay", {"dry_run": False, "statuses": ["failed"]}).data

    (row,) = listed(call, action="POST /admin/v1/replay")["rows"]

    assert (row["actor"], row["reason"]) == (None, "done")
    counts = {"replay_id": told["replay_id"], "go_count": 0, "stay_count": 0}
    assert row["details"] == {
        "filter": {"statuses": ["failed"], "backfill": False},
        "counts": counts,
    }


def test_pause_is_listed_with_its_reason(operator: Operator, lane: int, call: Call) -> None:
    path = "/admin/v1/lanes/{id}"
    assert operator("PATCH", path, {"paused": True, "reason": WHY}, lane)[0] == 200

    (row,) = listed(call, actor="Ann")["rows"]

    assert (row["reason"], row["details"]["counts"]) == (WHY, {"state": "paused"})


def test_dry_run_leaves_no_row(operator: Operator, lane: int, call: Call) -> None:
    for path in (GIVE_UP, "/admin/v1/replay"):
        assert operator("POST", path, {"statuses": ["pending"]})[0] == 200
        assert operator("POST", path, {"statuses": ["pending"]}, read_only=True)[0] == 200

    assert listed(call)["rows"] == []


@pytest.mark.parametrize("body", [{}, {"reason": "  "}, {"reason": "x" * 501}], ids=str)
def test_session_must_say_why(
    operator: Operator, lane: int, query: Query, body: dict[str, str]
) -> None:
    done = [
        operator("POST", GIVE_UP, {"dry_run": False, **body}),
        operator("POST", "/admin/v1/replay", {"dry_run": False, **body}),
        operator("PATCH", "/admin/v1/lanes/{id}", {"paused": True, **body}, lane),
    ]

    assert [status for status, _ in done] == [422] * 3
    assert query("SELECT DISTINCT status FROM event_deliveries") == [{"status": "pending"}]
    assert query("SELECT 1 FROM relay_lanes WHERE paused") == []


def test_refused_act_is_listed(operator: Operator, lane: int, call: Call) -> None:
    act = {"dry_run": False, "reason": WHY}
    assert operator("POST", GIVE_UP, act, read_only=True)[0] == 403

    (row,) = listed(call, status_code=403)["rows"]

    assert (row["actor"], row["action"]) == ("Ann", f"POST {GIVE_UP}")
    assert "only look" in row["reason"]


def test_far_more_than_expected_are_refused(call: Call, lane: int, query: Query) -> None:
    given_up = call("POST", GIVE_UP, {"dry_run": False, "expected_count": 1})
    wanted = {"dry_run": False, "statuses": ["pending"], "expected_count": 1}
    replayed = call("POST", "/admin/v1/replay", wanted)
    seen = call("POST", GIVE_UP, {"dry_run": False, "expected_count": FEW - 1})

    assert (given_up.status, replayed.status, seen.status) == (409, 409, 200)
    assert [row["status_code"] for row in listed(call)["rows"]] == [200, 409, 409]
    assert query("SELECT DISTINCT status FROM event_deliveries") == [{"status": "skipped"}]


def test_filters_of_the_list_hold(call: Call, query: Query) -> None:
    check_filters(partial(listed, call), query)


def test_list_reads_a_bounded_part(call: Call, query: Query) -> None:
    check_bound(partial(listed, call), query)


def test_list_comes_as_csv(call: Call, lane: int, environment: dict[str, str]) -> None:
    call("POST", GIVE_UP, {"dry_run": False, "reason": "=cmd()"})
    headers = basic("admin", environment["RELAY_ADMIN_PASSWORD"])

    answer = invoke(api_event("GET", LIST, headers, b"", urlencode({"format": "csv"}), "127.0.0.1"))

    (row,) = csv.DictReader(io.StringIO(answer["body"]))
    assert (row["reason"], row["owner_id"]) == ("'=cmd()", "admin")
    assert 'filename="audit.csv"' in answer["headers"]["Content-Disposition"]


def test_only_admins_read_it(call: Call) -> None:
    assert call("GET", LIST, user="oms").status == 403
    assert call("GET", LIST, user=None).status == 401
