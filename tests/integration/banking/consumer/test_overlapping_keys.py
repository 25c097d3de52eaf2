"""A rotation with an overlap: both keys work for a while, and no third."""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg2
import pytest

from tests.integration.banking.consumer.keys import let_it_expire, works
from tests.support.api import Api
from tests.support.banking import Bank, together
from tests.support.fixtures import Query
from tests.support.keys import key_id

ACTIVE = """
SELECT key_id FROM consumer_api_keys
WHERE consumer_id = %(id)s AND api_key_status = 'active' ORDER BY created_at
"""


def rotate(admin: Api, bank: Bank, minutes: int = 60) -> str:
    reply = admin.post(
        "/consumer/api-key", consumer_id=bank.consumer_id, rotate=True, overlap_minutes=minutes
    )
    assert reply.status == 201, reply
    return str(reply.data["api_key"])


def end_of(admin: Api, key: str | None) -> datetime:
    return datetime.fromisoformat(admin.get("/consumer/api-key", api_key=key).data["expires_at"])


def test_both_keys_work_meanwhile(admin: Api, bank: Bank) -> None:
    before = end_of(admin, bank.api.key)

    new = rotate(admin, bank)

    assert (works(bank.api.key).status, works(new).status) == (200, 200)
    assert before - end_of(admin, bank.api.key) > timedelta(days=300)
    assert end_of(admin, new) >= before


def test_older_key_ends_by_itself(admin: Api, bank: Bank, query: Query) -> None:
    new = rotate(admin, bank)

    let_it_expire(query, bank.api.key)

    assert works(bank.api.key).description.startswith("This API key has expired")
    assert works(new).status == 200
    assert works(rotate(admin, bank)).status == 200


def test_overlap_never_lengthens_a_key(admin: Api, bank: Bank, query: Query) -> None:
    query(
        "UPDATE consumer_api_keys SET expires_at = clock_timestamp() + interval '1 minute' "
        "WHERE key_id = %(id)s",
        id=key_id(bank.api.key),
    )
    before = end_of(admin, bank.api.key)

    rotate(admin, bank, minutes=1440)

    assert end_of(admin, bank.api.key) == before


def test_third_key_ends_the_first(admin: Api, bank: Bank, query: Query) -> None:
    second = rotate(admin, bank)
    third = rotate(admin, bank)

    assert [works(key).status for key in (bank.api.key, second, third)] == [401, 200, 200]
    assert [row["key_id"] for row in query(ACTIVE, id=bank.consumer_id)] == [
        key_id(second),
        key_id(third),
    ]


def test_rotation_without_overlap_ends_both(admin: Api, bank: Bank) -> None:
    second = rotate(admin, bank)

    third = rotate(admin, bank, minutes=0)

    assert [works(key).status for key in (bank.api.key, second, third)] == [401, 401, 200]


@pytest.mark.parametrize("which", [0, 1])
def test_either_key_can_be_deactivated(admin: Api, bank: Bank, which: int) -> None:
    keys = [bank.api.key, rotate(admin, bank)]

    assert admin.post("/consumer/deactivate-api-key", api_key=keys[which]).status == 200

    assert works(keys[which]).status == 401
    assert works(keys[1 - which]).status == 200


def test_overlapping_key_is_no_newest_one(admin: Api, bank: Bank) -> None:
    """The old one does not stand in the way of a new one, and gets no more time."""
    new = rotate(admin, bank)
    assert admin.post("/consumer/api-key", consumer_id=bank.consumer_id).status == 409
    admin.post("/consumer/deactivate-api-key", api_key=new)
    before = end_of(admin, bank.api.key)

    reply = admin.post("/consumer/api-key", consumer_id=bank.consumer_id)

    assert works(reply.data["api_key"]).status == 200
    assert end_of(admin, bank.api.key) == before


def test_simultaneous_overlaps_leave_two(admin: Api, bank: Bank, query: Query) -> None:
    made = together([lambda: rotate(admin, bank)] * 4)

    active = [row["key_id"] for row in query(ACTIVE, id=bank.consumer_id)]
    assert len(active) == 2
    assert {key_id(key) for key in made if works(key).status == 200} == set(active)


def test_database_itself_allows_no_third(admin: Api, bank: Bank, query: Query) -> None:
    rotate(admin, bank)

    for replaced in ("NULL", "clock_timestamp()"):
        with pytest.raises(psycopg2.errors.UniqueViolation, match="consumer_api_keys_one_active"):
            query(
                "INSERT INTO consumer_api_keys "
                "(consumer_id, api_key_hash, expires_at, replaced_at) "
                f"VALUES (%(id)s, 'x', 'infinity', {replaced})",
                id=bank.consumer_id,
            )


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"overlap_minutes": 60}, "request: overlap_minutes only goes with rotate: true"),
        (
            {"rotate": True, "overlap_minutes": 1441},
            "overlap_minutes: must be at most 1440, got 1441",
        ),
        ({"rotate": True, "overlap_minutes": -1}, "overlap_minutes: must be at least 0, got -1"),
    ],
)
def test_wrong_overlap_is_refused(
    admin: Api, bank: Bank, body: dict[str, object], sentence: str
) -> None:
    reply = admin.post("/consumer/api-key", consumer_id=bank.consumer_id, **body)

    assert (reply.status, reply.description) == (422, sentence)
