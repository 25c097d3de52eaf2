"""Work on a bank that makes no progress: who is told of it, and what the metrics say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.banking.overview.unfinished import unfinished_gauges
from chalicelib.banking.wiring import Parts
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query

BEGUN = {
    "onboarding": (
        "INSERT INTO onboardings (consumer_id, consumer_name, wanted, request_id, state, created_at)"
        " VALUES (%(id)s, %(name)s, '{}', 'r', 'undoing', now() - %(age)s * interval '1 second')"
    ),
    "export": (
        "INSERT INTO exports (export_id, consumer_id, request_id, created_at)"
        " VALUES (gen_random_uuid(), %(id)s, 'r', now() - %(age)s * interval '1 second')"
    ),
    "offboarding": (
        "INSERT INTO offboardings (offboarding_id, consumer_id, status, was_active, reason, key_id,"
        " request_id, due_at) VALUES (gen_random_uuid(), %(id)s, 'ending', true, 'r',"
        " gen_random_uuid(), 'r', now() - %(age)s * interval '1 second')"
    ),
    "archive": (
        "INSERT INTO archives (archive_id, consumer_id, day, object_key, event_ids, event_count,"
        " size_bytes, content_sha256, sha256, created_at) VALUES (gen_random_uuid(), %(id)s,"
        " current_date, 'k', '{}', 0, 0, 's', 's', now() - %(age)s * interval '1 second')"
    ),
}
AGES = {"onboarding": 900, "export": 3_600, "offboarding": 86_400, "archive": 10_800}


def told(api: Api, **wanted: Any) -> list[tuple[str, str]]:
    entries = api.get("/overview", **wanted).data["attention"]
    return [(entry["condition"], entry["title"]) for entry in entries]


@pytest.mark.parametrize("work", BEGUN)
def test_work_that_stands_still_is_told(work: str, admin: Api, bank: Bank, query: Query) -> None:
    query(BEGUN[work], id=bank.consumer_id, name=bank.name, age=AGES[work] + 1)

    ((condition, title),) = told(admin)

    assert condition == f"{work}_stuck"
    assert title.startswith(f"{bank.name}: ")
    if work != "offboarding":  # its bank asks for nothing any more
        own = [name for name, _ in told(bank.api)]
        assert own == (["export_stuck"] if work == "export" else [])


@pytest.mark.parametrize("work", BEGUN)
def test_young_work_asks_nobody(work: str, admin: Api, bank: Bank, query: Query) -> None:
    query(BEGUN[work], id=bank.consumer_id, name=bank.name, age=AGES[work] - 60)

    assert told(admin) == []


def test_written_file_is_progress(admin: Api, bank: Bank, query: Query) -> None:
    query(BEGUN["export"], id=bank.consumer_id, age=9_000)
    query(
        "INSERT INTO export_files (export_id, number, kind, object_key, line_count, size_bytes,"
        " sha256, written_at) SELECT export_id, 1, 'events', 'k', 1, 1, 's', now() FROM exports"
    )

    assert told(admin) == []


def test_others_work_is_not_told(admin: Api, bank: Bank, query: Query) -> None:
    """The admin looks at another consumer: here, his own."""
    query(BEGUN["export"], id=bank.consumer_id, age=9_000)

    assert told(admin, consumer_id=bank.consumer_id) != []
    assert told(admin, consumer_id="00000000-0000-0000-0000-000000000001") == []


def test_metrics_have_the_oldest(bank: Bank, query: Query, parts: Parts) -> None:
    for age in (50, 5_000):
        query(BEGUN["archive"].replace("'k'", f"'k{age}'"), id=bank.consumer_id, age=age)

    (family,) = unfinished_gauges(parts.request.database, datetime.now(UTC))

    assert family.values["archive",] == pytest.approx(5_000, abs=60)
    assert family.values["export",] == 0
