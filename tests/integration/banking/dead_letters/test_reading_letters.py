"""Dead letters are listed and read: each by those who may see it, and by every filter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.banking.dead_letters import letters
from tests.integration.banking.dead_letters.kept import keep_letter
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.plans import rows_read

MANY = """
INSERT INTO dead_letters (queue_name, consumer_id, event_id, reason, body, properties_json, fingerprint,
                          created_at, resolved_at, resolved_by, resolved_reason)
SELECT 'q', %(owner)s, CASE WHEN n %% 50 <> 0 THEN gen_random_uuid() END, 'rejected', '', '{}',
       n::text, clock_timestamp() - make_interval(secs => n), clock_timestamp(), 'a test', 'a test'
FROM generate_series(1, 5000) n
"""


def listed(api: Api, **filters: object) -> list[str]:
    reply = api.get("/dead-letters/list", **filters)
    assert reply.status == 200, reply
    return [letter["dead_letter_id"] for letter in reply.data["dead_letters"]]


def test_list_has_what_the_contract_says(bank: Bank, event_id: str, query: Query) -> None:
    letter = keep_letter(query, bank, event_id, body=b"12345")

    data = bank.api.get("/dead-letters/list").data

    (row,) = data["dead_letters"]
    assert (data["total"], data["at_least"], data["next_cursor"]) == (1, False, None)
    assert row.pop("created_at")
    assert row == {
        "dead_letter_id": letter,
        "consumer_id": bank.consumer_id,
        "consumer_name": bank.name,
        "queue_name": f"customer_notification_{bank.name}_DLQ",
        "event_id": event_id,
        "reason": "rejected",
        "matched": True,
        "superseded": False,
        "size_bytes": 5,
        "resolved_at": None,
        "resolved_by": None,
        "resolved_reason": None,
        "requeued_at": None,
    }


def test_every_filter_picks_its_letters(
    admin: Api, make_bank: Callable[[], Bank], event_id: str, bank: Bank, query: Query
) -> None:
    other = make_bank()
    matched = keep_letter(query, bank, event_id)
    expired = keep_letter(query, bank, reason="expired")
    theirs = keep_letter(query, other)
    (row,) = query("SELECT created_at FROM dead_letters WHERE dead_letter_id = %(id)s", id=expired)
    admin.post("/dead-letters/resolve", dead_letter_ids=[theirs], reason="a test")

    assert listed(admin) == [theirs, expired, matched]
    assert listed(admin, matched="true") == [matched]
    assert listed(admin, matched="false", resolved="false") == [expired]
    assert listed(admin, resolved="true") == [theirs]
    assert listed(admin, reason="expired") == [expired]
    assert listed(admin, reason="maxlen") == []
    assert listed(admin, **{"from": row["created_at"]}) == [theirs, expired]
    assert listed(admin, to=row["created_at"]) == [matched]
    assert listed(admin, consumer_id=bank.consumer_id) == [expired, matched]


def test_pages_join_without_gap(bank: Bank, query: Query) -> None:
    kept = [keep_letter(query, bank) for _ in range(5)]

    first = bank.api.get("/dead-letters/list", limit=2).data
    rest = bank.api.get("/dead-letters/list", limit=200, cursor=first["next_cursor"]).data

    assert (first["total"], rest["total"]) == (5, None)
    both = [row["dead_letter_id"] for row in first["dead_letters"] + rest["dead_letters"]]
    assert both == kept[::-1]


def test_long_lists_say_at_least(bank: Bank, query: Query, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "MOST_COUNTED", 1)
    for _ in range(2):
        keep_letter(query, bank)

    data = bank.api.get("/dead-letters/list").data

    assert (data["total"], data["at_least"]) == (1, True)


def test_tenant_sees_its_own_queue_only(
    make_bank: Callable[[], Bank], admin: Api, query: Query
) -> None:
    mine, other = make_bank(), make_bank()
    foreign = keep_letter(
        query, mine, reason=f"foreign: died in customer_notification_{other.name}"
    )
    theirs = keep_letter(query, other)

    assert listed(mine.api) == []
    assert sorted(listed(admin)) == sorted([foreign, theirs])
    absent = mine.api.get("/dead-letters/data", dead_letter_id=foreign)
    assert (absent.status, absent.body) == (
        404,
        mine.api.get("/dead-letters/data", dead_letter_id=theirs).body,
    )
    assert mine.api.get("/dead-letters/list", consumer_id=other.consumer_id).status == 404


@pytest.mark.parametrize(
    "query_of", [{"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, {"cursor": "x"}]
)
def test_wrong_questions_are_refused(bank: Bank, query_of: dict[str, str]) -> None:
    assert bank.api.get("/dead-letters/list", **query_of).status == 422


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"a": "\xc3\xa9\\u0000"}', {"body": '{"a": "é\\u0000"}', "body_encoding": "utf-8"}),
        (b"\xff\x00", {"body": "/wA=", "body_encoding": "base64"}),
        (b"", {"body": "", "body_encoding": "utf-8"}),
    ],
)
def test_body_is_text_or_base64(
    bank: Bank, query: Query, body: bytes, shown: dict[str, Any]
) -> None:
    letter = keep_letter(query, bank, body=body, properties='{"type": "t"}')

    data = bank.api.get("/dead-letters/data", dead_letter_id=letter).data

    assert {name: data[name] for name in shown} == shown
    assert (data["body_truncated"], data["properties"]) == (False, {"type": "t"})


def test_long_body_is_cut(bank: Bank, query: Query) -> None:
    body = b"x" * (64 * 1024 - 1) + "é".encode() * 9
    letter = keep_letter(query, bank, body=body)

    data = bank.api.get("/dead-letters/data", dead_letter_id=letter).data

    assert (data["body_truncated"], data["size_bytes"]) == (True, len(body))
    assert data["body"] == "x" * (64 * 1024 - 1)


def test_only_the_admins_reading_is_audited(bank: Bank, admin: Api, query: Query) -> None:
    letter = keep_letter(query, bank)
    read = {"id": "GET /dead-letters/data"}

    bank.api.get("/dead-letters/data", dead_letter_id=letter)
    assert query("SELECT * FROM audit_log WHERE action = %(id)s", **read) == []
    admin.get("/dead-letters/data", dead_letter_id=letter)

    (row,) = query("SELECT * FROM audit_log WHERE action = %(id)s", **read)
    assert row["subject_consumer_id"] == bank.consumer_id
    assert row["details"] == {"dead_letter_id": letter}


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"resolved": "false"},
        {"matched": "false", "resolved": "false"},
        {"reason": "expired"},
        {"reason": "rejected", "matched": "false"},
        {"to": "2026-01-01T00:00:00Z"},
    ],
)
def test_page_reads_its_rows_only(
    bank: Bank, admin: Api, query: Query, filters: dict[str, str]
) -> None:
    query(MANY, owner=bank.consumer_id)
    keep_letter(query, bank)
    query("ANALYZE dead_letters")

    with rows_read({"list"}) as read:
        listed(admin, limit=10, **filters)

    assert read["list"] < 100
