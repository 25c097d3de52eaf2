"""GET /audit/list: who sees which rows, by which filters, and at which price."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.banking.tenants import ADMIN_ID
from fintegrate.console import audit_list
from tests.support.api import Api, in_process
from tests.support.banking import Bank
from tests.support.console import ANN, sign_in
from tests.support.fixtures import Query
from tests.support.keys import key_id
from tests.support.plans import rows_read

WRITE = """
INSERT INTO audit_log (request_id, consumer_id, key_id, action, status_code, reason, source_ip, actor,
                       session_id, subject_consumer_id, details, created_at)
SELECT 'r' || n, %(consumer)s::uuid, gen_random_uuid(), %(action)s, %(status)s, %(reason)s, '192.0.2.1',
       %(actor)s, gen_random_uuid(), %(subject)s::uuid, '{"matched": 3}',
       clock_timestamp() - make_interval(secs => n + %(older)s)
FROM generate_series(1, %(count)s) n
"""


MANY = """
INSERT INTO audit_log (request_id, consumer_id, action, status_code, reason, actor, subject_consumer_id,
                       created_at)
SELECT 'm' || n, CASE WHEN n % 2 = 0 THEN %(bank)s ELSE %(admin)s END::uuid, 'POST /a' || n % 3, 200,
       'why', CASE WHEN n % 2 = 1 THEN 'Olga' END, CASE WHEN n % 4 = 1 THEN %(bank)s::uuid END,
       clock_timestamp() - make_interval(secs => n)
FROM generate_series(1, 60000) n
""".replace(" % ", " %% ")
COMMON = {"action": "POST /a1"}


@pytest.fixture
def write(query: Query) -> Callable[..., None]:
    """Writes rows, each a second older than the one before."""

    def put(consumer: str | None, subject: str | None = None, **row: object) -> None:
        plain = {"action": "POST /x", "status": 200, "reason": "why", "actor": None}
        plain |= {"count": 1, "older": 0}
        query(WRITE, consumer=consumer, subject=subject, **{**plain, **row})

    return put


def csv_of(api: Api) -> tuple[dict[str, str], list[dict[str, str]]]:
    """The headers and the rows of the list as a file."""
    headers = {"X-API-Key": api.key or ""}
    answer = in_process("GET", "/audit/list", "format=csv", headers, b"", "127.0.0.1")
    assert answer["statusCode"] == 200, answer
    return answer["headers"], [*csv.DictReader(io.StringIO(answer["body"]))]


def listed(api: Api, **wanted: object) -> list[dict[str, Any]]:
    reply = api.get("/audit/list", **wanted)
    assert reply.status == 200, reply
    rows: list[dict[str, Any]] = reply.data["rows"]
    return rows


def every_page(api: Api, **wanted: object) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: dict[str, object] = {}
    while True:
        data = api.get("/audit/list", **wanted, **cursor).data
        rows += data["rows"]
        if data["next_cursor"] is None:
            return rows
        cursor = {"cursor": data["next_cursor"]}


def test_act_is_listed_with_its_actor(admin: Api, bank: Bank) -> None:
    visitor = sign_in(admin)
    change = {"consumer_id": bank.consumer_id, "status": "deactivated", "reason": "a test"}
    visitor.post("/consumer/change-status", **change)

    (row,) = listed(admin, action="POST /consumer/change-status")

    assert (row["actor"], row["consumer_id"], row["status_code"]) == (ANN, ADMIN_ID, 200)
    assert (row["consumer_name"], row["key_id"]) == ("system_default", key_id(admin.key or ""))
    assert row["source_ip"] == "127.0.0.1"


def test_tenant_sees_its_own_and_acts_on_it(
    make_bank: Callable[[], Bank], query: Query, write: Callable[..., None]
) -> None:
    bank, other = make_bank(), make_bank()
    query("TRUNCATE audit_log")
    write(bank.consumer_id, reason="own")
    write(ADMIN_ID, bank.consumer_id, reason="on mine", actor="Olga")
    write(ADMIN_ID, other.consumer_id, reason="on another's")
    write(other.consumer_id, reason="another's")
    write(ADMIN_ID, reason="the admin's")
    write(None, reason="a stranger's")

    rows = {row["reason"]: row for row in listed(bank.api)}

    assert set(rows) == {"own", "on mine"}
    assert {row["source_ip"] for row in rows.values()} == {None}
    assert rows["own"]["key_id"] is not None
    assert (rows["on mine"]["key_id"], rows["on mine"]["session_id"]) == (None, None)
    assert (rows["on mine"]["actor"], rows["on mine"]["subject_consumer_name"]) == (
        "Olga",
        bank.name,
    )
    assert rows["on mine"]["details"] == {"matched": 3}


def test_foreign_rows_of_a_request_leave_no_trace(
    make_bank: Callable[[], Bank], write: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sends X-Request-Id chooses it, and a cursor has the time and the id of a row."""
    monkeypatch.setattr(audit_list, "FIRST", 2)
    monkeypatch.setattr(audit_list, "LOOKED_AT", 4)
    bank, other = make_bank(), make_bank()
    for older in range(5):
        write(other.consumer_id, older=older)

    seen = bank.api.get("/audit/list", request_id="r1", limit=1).data

    assert seen == {"rows": [], "next_cursor": None}


def test_foreign_consumer_looks_absent(make_bank: Callable[[], Bank]) -> None:
    bank, other = make_bank(), make_bank()

    foreign = bank.api.get("/audit/list", consumer_id=other.consumer_id)
    absent = bank.api.get("/audit/list", consumer_id=str(uuid.uuid4()))

    assert (foreign.status, foreign.body) == (404, absent.body)


def test_row_of_own_data_comes_once(
    bank: Bank, admin: Api, query: Query, write: Callable[..., None]
) -> None:
    query("TRUNCATE audit_log")
    write(bank.consumer_id, bank.consumer_id)

    assert len(listed(bank.api)) == 1
    assert len(listed(admin, consumer_id=bank.consumer_id)) == 1


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"actor": "Bob"}, "b"),
        ({"action": "POST /y"}, "c"),
        ({"status_code": 403}, "c"),
        ({"status_code": 403, "actor": "Bob"}, ""),
        ({"request_id": "r1", "action": "POST /x"}, "ab"),
        ({"request_id": "none"}, ""),
        ({"from": "2999-01-01T00:00:00Z"}, ""),
        ({"to": "2999-01-01T00:00:00Z"}, "abc"),
        ({"to": "2001-01-01T00:00:00Z"}, ""),
    ],
    ids=str,
)
def test_filters_hold_together(
    admin: Api, query: Query, write: Callable[..., None],
    wanted: dict[str, object], found: str,
) -> None:  # fmt: skip
    query("TRUNCATE audit_log")
    write(ADMIN_ID, reason="a")
    write(ADMIN_ID, reason="b", actor="Bob")
    write(ADMIN_ID, reason="c", action="POST /y", status=403)

    assert {row["reason"] for row in listed(admin, **wanted)} == set(found)


@pytest.mark.parametrize(
    "wanted",
    [
        {"status_code": 700},
        {"cursor": "x"},
        {"limit": 201},
        {"limit": 0},
        {"actor": "a\0"},
        {"request_id": "é"},
        {"format": "xml"},
        {"from": "2026-02-31T00:00:00Z"},
    ],
    ids=str,
)
def test_wrong_filters_are_told(admin: Api, wanted: dict[str, object]) -> None:
    reply = admin.get("/audit/list", **wanted)

    assert reply.status == 422
    assert reply.description.split(":")[0] in wanted


def test_span_must_go_forward(admin: Api) -> None:
    span = {"from": "2026-11-27T10:00:00Z", "to": "2026-11-27T09:00:00Z"}

    assert admin.get("/audit/list", **span).description == "request: from must be before to"


def test_pages_have_every_row_once(
    admin: Api, bank: Bank, query: Query, write: Callable[..., None]
) -> None:
    query("TRUNCATE audit_log")
    write(bank.consumer_id, count=12)
    write(ADMIN_ID, bank.consumer_id, count=9)

    rows = every_page(bank.api, limit=4)

    assert len({row["audit_id"] for row in rows}) == len(rows) == 21
    assert [row["created_at"] for row in rows] == sorted(
        (row["created_at"] for row in rows), reverse=True
    )


def test_search_goes_on_by_its_cursor(
    admin: Api, query: Query, write: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_list, "FIRST", 4)
    monkeypatch.setattr(audit_list, "LOOKED_AT", 10)
    query("TRUNCATE audit_log")
    write(ADMIN_ID, count=35)
    write(ADMIN_ID, status=403, older=100, reason="sought")

    first = admin.get("/audit/list", action="POST /x", status_code=403, limit=3).data
    rows = every_page(admin, action="POST /x", status_code=403, limit=3)

    assert first["rows"] == []
    assert first["next_cursor"] is not None
    assert [row["reason"] for row in rows] == ["sought"]


def test_csv_has_the_same_rows(bank: Bank, query: Query, write: Callable[..., None]) -> None:
    query("TRUNCATE audit_log")
    write(bank.consumer_id, count=3, reason="=cmd()")

    headers, rows = csv_of(bank.api)

    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="audit.csv"' in headers["Content-Disposition"]
    assert "X-Next-Cursor" not in headers
    assert [row["request_id"] for row in rows] == ["r1", "r2", "r3"]
    assert {row["reason"] for row in rows} == {"'=cmd()"}
    assert {row["details"] for row in rows} == {'{"matched":3}'}
    assert {row["source_ip"] for row in rows} == {""}


def test_list_reads_a_bounded_part(admin: Api, bank: Bank, query: Query) -> None:
    """60,000 rows. The bound is on what the server reads: time is the machine's."""
    query("TRUNCATE audit_log")
    query(MANY, bank=bank.consumer_id, admin=ADMIN_ID)
    query("ANALYZE audit_log")
    filters: dict[str, object] = {
        "actor": "nobody",
        "action": "POST /nothing",
        "status_code": 418,
        "request_id": "none",
        "consumer_id": bank.consumer_id,
        "from": "2999-01-01T00:00:00Z",
    }
    asked = [{}, *({name: value} for name, value in filters.items())]
    asked += [{**COMMON, name: value} for name, value in filters.items() if name != "consumer_id"]
    with rows_read({"list_rows"}) as most:
        for wanted in asked:
            most.clear()
            listed(admin, **wanted)
            assert most["list_rows"] <= 2 * audit_list.LOOKED_AT + 10, wanted
        most.clear()
        listed(bank.api, **COMMON, status_code=418)
        assert most["list_rows"] <= 2 * audit_list.LOOKED_AT + 10
