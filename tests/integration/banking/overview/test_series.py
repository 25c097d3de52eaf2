"""GET /overview/series: kept minutes and hours, and the newest ones live."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fintegrate.console.flows import EVERYTHING, KINDS
from tests.integration.banking.overview.written import write_event, write_receipt
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.schedules import run_schedule

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC)


def points(api: Api, begin: datetime, end: datetime, step: int = 60, **more: Any) -> list[Any]:
    span = {"from": begin.isoformat(), "to": end.isoformat(), "step": step}
    reply = api.get("/overview/series", **span, **more)
    assert reply.status == 200, reply
    assert reply.data["step"] == step
    return list(reply.data["points"])


def add_up(found: list[Any]) -> dict[str, int]:
    return {kind: sum(point[kind] or 0 for point in found) for kind in KINDS}


def test_points_cover_the_whole_span(admin: Api, bank: Bank, query: Query) -> None:
    at = now()
    for age in (40, 20, 1, 0):
        then = at - age * MINUTE
        event_id = write_event(query, bank.consumer_id, then, published_at=then)
        write_receipt(query, event_id, "processed", then)
    write_event(query, bank.consumer_id, at - 90 * MINUTE)
    run_schedule("write_minutes")

    found = points(admin, at - 120 * MINUTE, at + MINUTE, consumer_id=bank.consumer_id)

    assert len(found) in (121, 122)
    assert [point["at"] for point in found] == sorted({point["at"] for point in found})
    assert add_up(found) == {**dict.fromkeys(KINDS, 0), **dict.fromkeys(KINDS[:4], 4)}
    assert found[0]["committed"] is None, "nobody has counted what is older than an hour"
    assert found[70]["committed"] == 0
    assert found[70]["pending"] is None, "nobody has looked then"
    happened = [point for point in found if point["published"]]
    assert [point["publish_lag_p95_ms"] for point in happened] == [5] * len(happened)
    assert [point["process_lag_p95_ms"] for point in happened[:2]] == [5, 5]
    assert happened[-1]["process_lag_p95_ms"] is None, "the schedule counts it"


def test_bank_has_its_own_history(admin: Api, make_bank: Callable[[], Bank], query: Query) -> None:
    own, other = make_bank(), make_bank()
    at = now()
    write_event(query, own.consumer_id, at - 10 * MINUTE)
    for age in (10, 1):
        for _ in range(4):
            write_event(query, other.consumer_id, at - age * MINUTE)
    run_schedule("write_minutes")

    found = points(own.api, at - 30 * MINUTE, at + MINUTE)

    assert add_up(found)["committed"] == 1
    assert max(point["pending"] or 0 for point in found) == 1
    span = {"from": (at - HOUR).isoformat(), "to": at.isoformat()}
    assert own.api.get("/overview/series", consumer_id=other.consumer_id, **span).status == 404


def test_hours_include_the_open_one(admin: Api, bank: Bank, query: Query) -> None:
    at = now()
    this_hour = at.replace(minute=0, second=0, microsecond=0)
    for then in (at, this_hour - MINUTE):
        write_event(query, bank.consumer_id, then)
    query(
        "INSERT INTO stream_hours SELECT id::uuid, %(hour)s, 60, 5, 4, 3, 2, 1, 0,"
        " ARRAY[4,0,0,0,0,0,0,0,0,0,0,0,0,0], array_fill(0, ARRAY[14]), 7"
        " FROM unnest(ARRAY[%(one)s, %(all)s]) id",
        hour=this_hour - 2 * HOUR,
        one=bank.consumer_id,
        all=EVERYTHING,
    )
    run_schedule("write_minutes")

    found = points(admin, this_hour - 3 * HOUR, this_hour + HOUR, 3600)

    assert len(found) == 4
    assert found[0]["committed"] is None
    assert (found[1]["committed"], found[1]["pending"]) == (5, 7)
    assert found[1]["publish_lag_p95_ms"] == 5
    assert found[1]["process_lag_p95_ms"] is None
    assert found[3]["committed"] >= 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"from": "2026-11-26T02:00:00Z", "to": "2026-11-26T02:00:00Z"}, "from must be before to"),
        ({"from": "2026-11-26T02:00:00Z", "to": "2026-11-27T02:01:00Z"}, "1440 steps"),
        ({"from": "2026-11-26T02:00:00Z", "to": "2026-11-26T03:00:00Z", "step": 61}, "step"),
        ({"from": "2026-11-26T02:00:00Z"}, "to"),
        ({"from": "yesterday", "to": "2026-11-26T03:00:00Z"}, "from"),
    ],
)
def test_wrong_spans_are_refused(admin: Api, fields: dict[str, Any], sentence: str) -> None:
    reply = admin.get("/overview/series", **fields)

    assert reply.status == 422
    assert sentence in reply.detail["status_description"]
