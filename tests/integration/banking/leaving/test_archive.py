"""Old events move into files: nothing is lost or doubled, the ledger stays, no attacker deletes one."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import psycopg2
import pytest

from chalicelib.banking import wiring
from chalicelib.banking.archive import archived
from chalicelib.banking.archive.archiving import AWAY, SQL, TOO_YOUNG, Archiving
from fintegrate.database import Database
from fintegrate.settings import SettingsError
from fintegrate.storage.json_lines import lines_of
from fintegrate.storage.store import Store, StoreAway
from tests.integration.banking.leaving.test_export import Killed, begun, done, read
from tests.support.api import Api
from tests.support.banking import Bank, parts_with
from tests.support.fixtures import Query
from tests.support.schedules import run_schedule

WRITE = """
WITH made AS (
    INSERT INTO customers (consumer_id, name, event_sequence, created_at)
    SELECT %(id)s, 'Customer ' || n, 2, now() - interval '400 days'
    FROM generate_series(1, %(customers)s) n
    RETURNING customer_id
), events AS (
    INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                                 payload_json, metadata_json, created_at, publish_status,
                                 published_at, deliver_status, delivered_at)
    SELECT %(id)s, customer_id, n,
           CASE WHEN n = 1 THEN 'customer_creation' ELSE 'customer_status_change' END, 'test',
           jsonb_build_object('customer_id', customer_id, 'name', 'Old', 'status', 'ACTIVE'),
           jsonb_build_object('sequence', n, 'source_service', 'test', 'request_id', 'then'),
           at, 'published', at, 'delivered', at
    FROM made, generate_series(1, 2) n,
         LATERAL (SELECT now() - make_interval(days => 401 - n::integer) AS at) times
    RETURNING event_id, customer_id, event_type, created_at
)
INSERT INTO consumer_event_receipts (consumer_id, event_id, customer_id, event_type, received_at,
                                     processing_status, created_at, updated_at, event_created_at)
SELECT %(id)s, event_id, customer_id, event_type, created_at, 'processed', created_at, created_at,
       created_at
FROM events
"""
NOT_SENT = "published_at = NULL, deliver_status = 'pending', delivered_at = NULL"
LATTER = "00000000-0000-4000-8000-000000000001"
Ledger = Callable[[], dict[str, Any]]


@pytest.fixture
def old(bank: Bank, query: Query) -> Bank:
    """A bank with three customers, whose two events each are 400 and 399 days old."""
    query(WRITE, id=bank.consumer_id, customers=3)
    return bank


@pytest.fixture
def archiving(store: Store) -> Archiving:
    return Archiving(wiring.parts().sweep_database, store, after_days=365)


def events(query: Query, bank: Bank) -> list[dict[str, Any]]:
    return query(
        "SELECT * FROM customer_events WHERE consumer_id = %(id)s ORDER BY created_at, event_id",
        id=bank.consumer_id,
    )


def moved(query: Query, bank: Bank) -> list[dict[str, Any]]:
    return query(
        "SELECT * FROM archived_events WHERE consumer_id = %(id)s ORDER BY created_at, event_id",
        id=bank.consumer_id,
    )


def files(query: Query, bank: Bank) -> list[dict[str, Any]]:
    return query(
        "SELECT * FROM archives WHERE consumer_id = %(id)s ORDER BY day", id=bank.consumer_id
    )


@pytest.fixture
def ledger(admin: Api, bank: Bank) -> Ledger:
    """Reads the bank's ledger."""

    def read() -> dict[str, Any]:
        tenants = admin.get("/events/reconcile").data["tenants"]
        return next(each for each in tenants if each["consumer_id"] == bank.consumer_id)

    return read


def content(store: Store, file: dict[str, Any]) -> list[dict[str, Any]]:
    body = store.get(file["object_key"])
    assert body is not None
    return [json.loads(line) for line in lines_of(body, file["sha256"])]


def test_old_events_move_into_files_of_days(
    old: Bank, ledger: Ledger, query: Query, store: Store, archiving: Archiving
) -> None:
    before, counted = events(query, old), ledger()

    result = archiving.run(30)

    assert (result.files, result.events, result.given_up) == (2, 6, 0)
    assert events(query, old) == []
    assert [row["event_id"] for row in moved(query, old)] == [row["event_id"] for row in before]
    stored = [line for file in files(query, old) for line in content(store, file)]
    assert [line["event_id"] for line in stored] == [row["event_id"] for row in before]
    assert [line["payload"] for line in stored] == [row["payload_json"] for row in before]
    assert all(line["receipt"]["processing_status"] == "processed" for line in stored)
    for file in files(query, old):
        named = store.get(file["object_key"].replace(".jsonl.gz", ".manifest.json"))
        assert named is not None
        assert json.loads(named)["sha256"] == file["sha256"]
    after = ledger()
    assert (after["balanced"], after["committed"], after["archived"]) == (True, 6, 6)
    assert {**after, "archived": 0, "oldest_age_hours": None} == {
        **counted,
        "oldest_age_hours": None,
    }
    assert archiving.run(30).events == 6  # the counts of both runs: nothing is left


def test_nothing_moves_without_the_setting(old: Bank, query: Query) -> None:
    assert run_schedule("archive") == {"skipped": "ARCHIVE_AFTER_DAYS is 0", "rewritten": 0}
    assert len(events(query, old)) == 6


def test_without_setting_and_store_nothing_is_done(
    old: Bank, query: Query, environment: dict[str, str]
) -> None:
    with parts_with(environment, BANK_STORE_BUCKET=""):
        assert run_schedule("archive") == {"skipped": "ARCHIVE_AFTER_DAYS is 0"}
    assert len(events(query, old)) == 6


def test_schedule_moves_what_is_old(old: Bank, query: Query, environment: dict[str, str]) -> None:
    with parts_with(environment, ARCHIVE_AFTER_DAYS="500"):
        assert run_schedule("archive")["events"] == 0
    with parts_with(environment, ARCHIVE_AFTER_DAYS="365"):
        assert run_schedule("archive")["events"] == 6


def test_short_time_is_refused(store: Store) -> None:
    with pytest.raises(SettingsError, match=TOO_YOUNG):
        Archiving(wiring.parts().sweep_database, store, after_days=7)


@pytest.mark.parametrize(
    "change",
    [
        "deliver_status = 'pending', delivered_at = NULL",
        f"publish_status = 'pending', {NOT_SENT}",
        f"publish_status = 'failed', {NOT_SENT}",
        "deliver_last_tried_at = now()",
    ],
)
def test_unsettled_event_holds_its_customer(
    old: Bank, query: Query, archiving: Archiving, change: str
) -> None:
    """What is not settled stays, and so do its customer's later events."""
    first = events(query, old)[0]
    query(f"UPDATE customer_events SET {change} WHERE event_id = %(id)s", id=first["event_id"])

    archiving.run(30)

    left = events(query, old)
    assert {row["customer_id"] for row in left} == {first["customer_id"]}
    assert [row["sequence"] for row in left] == [1, 2]


def test_given_up_event_moves(
    old: Bank, ledger: Ledger, query: Query, archiving: Archiving
) -> None:
    first = events(query, old)[0]
    query(
        """UPDATE customer_events
           SET publish_status = 'failed', published_at = NULL, deliver_status = 'pending',
               delivered_at = NULL, publish_given_up_at = created_at
           WHERE event_id = %(id)s""",
        id=first["event_id"],
    )
    query("DELETE FROM consumer_event_receipts WHERE event_id = %(id)s", id=first["event_id"])

    archiving.run(30)

    assert events(query, old) == []
    after = ledger()
    assert (after["balanced"], after["failed"], after["archived"]) == (True, 1, 6)


def test_event_says_where_it_lies(old: Bank, query: Query, archiving: Archiving) -> None:
    event = events(query, old)[0]
    before = old.api.get("/events/data", event_id=event["event_id"]).data
    archiving.run(30)

    after = old.api.get("/events/data", event_id=event["event_id"]).data

    (file, _) = files(query, old)
    assert after["archive"]["file"] == file["object_key"]
    assert after["archive"]["sha256"] == file["sha256"]
    assert before["archive"] is None
    same = before.keys() - {"archive"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    without = old.api.get("/events/data", event_id=event["event_id"], payload="false").data
    assert without["payload"] is None


def test_foreign_archived_event_is_unknown(
    old: Bank, make_bank: Callable[[], Bank], query: Query, archiving: Archiving
) -> None:
    event_id = events(query, old)[0]["event_id"]
    archiving.run(30)

    assert make_bank().api.get("/events/data", event_id=event_id).status == 404


def test_exports_hold_archived_events(old: Bank, query: Query, archiving: Archiving) -> None:
    customer_id = events(query, old)[0]["customer_id"]
    archiving.run(30)

    document = old.api.get("/customer/export", customer_id=customer_id).data
    begun(old.api)
    found = read(done(old.api), archived=True)

    assert [event["sequence"] for event in document["events"]] == [1, 2]
    assert document["events"][0]["payload"]["name"] == "Old"
    assert len(found["archived_events"]) == 6
    assert found["events"] == []


def test_nothing_moves_during_an_export(old: Bank, query: Query, archiving: Archiving) -> None:
    begun(old.api)

    assert archiving.run(30).events == 0

    done(old.api)
    assert archiving.run(30).events == 6


def pages_read(patch: pytest.MonkeyPatch, most: int = 1) -> list[Any]:
    """The pages of old events that are read from now on, each of so many events at most."""
    fetch, pages = Database.fetch_all, list[Any]()

    def counted(self: Database, sql: str, *args: Any, **kwargs: Any) -> Any:
        rows = fetch(self, sql, *args, **kwargs)
        if sql is SQL["candidates"]:
            pages.append(rows)
        return rows

    patch.setattr("chalicelib.banking.archive.archiving.FILE_EVENTS", most)
    patch.setattr(Database, "fetch_all", counted)
    return pages


@pytest.mark.parametrize(("most", "pages"), [(2_000, [6]), (4, [4, 3])])
def test_page_serves_its_whole_days(
    old: Bank,
    query: Query,
    archiving: Archiving,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    pages: list[int],
) -> None:
    """No event is read twice but those of a day that the page's end cuts."""
    with monkeypatch.context() as patch:
        read = pages_read(patch, most)
        archiving.run(30)

    assert [len(page) for page in read if page] == pages
    assert [file["event_count"] for file in files(query, old)] == [3, 3]


def test_time_ends_within_a_bank(
    old: Bank, query: Query, archiving: Archiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of this bank may be moved. A run that is out of time reads no further page of it."""
    query("UPDATE customer_events SET deliver_status = 'pending', delivered_at = NULL")
    with monkeypatch.context() as patch:
        pages = pages_read(patch)
        archiving.run(0)

    assert len(pages) == 1


def test_bank_goes_on_where_it_stopped(
    old: Bank, query: Query, archiving: Archiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be moved is not read again by each run before what can be."""
    all_events = events(query, old)
    last = {row["customer_id"] for row in all_events[:3]} - {all_events[0]["customer_id"]}
    query(
        "UPDATE customer_events SET deliver_status = 'pending', delivered_at = NULL"
        " WHERE customer_id = %(id)s",
        id=all_events[0]["customer_id"],
    )
    with monkeypatch.context() as patch:
        pages_read(patch)
        for _ in all_events:
            archiving.run(0)

    assert {row["customer_id"] for row in moved(query, old)} == last
    query("UPDATE customer_events SET deliver_status = 'delivered', delivered_at = published_at")
    archiving.run(30)
    archiving.run(30)
    assert events(query, old) == []


def test_stuck_bank_keeps_no_other(
    old: Bank,
    make_bank: Callable[[], Bank],
    query: Query,
    archiving: Archiving,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Others have their turn after a bank whose old events stay unsettled, even if its run is killed."""
    query("UPDATE customer_events SET deliver_status = 'pending', delivered_at = NULL")
    other = make_bank()
    query(WRITE.replace("400 days", "399 days"), id=other.consumer_id, customers=1)
    with monkeypatch.context() as patch:
        patch.setattr(Archiving, "_named", lambda *_args: pytest.fail("nothing may be moved"))
        fetch = Database.fetch_all

        def dying(self: Database, sql: str, *args: Any, **kwargs: Any) -> Any:
            if sql is SQL["candidates"]:
                raise Killed
            return fetch(self, sql, *args, **kwargs)

        patch.setattr(Database, "fetch_all", dying)
        with pytest.raises(Killed):
            archiving.run(30)

    with monkeypatch.context() as patch:
        pages = pages_read(patch)
        archiving.run(0)

    (page,) = pages
    assert [row["customer_id"] for row in page] == [
        row["customer_id"] for row in moved(query, other)
    ]


def test_copies_of_archived_events_end(old: Bank, query: Query, archiving: Archiving) -> None:
    """The bank's lane has ended for good, or the bank is not active: nobody else would end them."""
    query(
        """INSERT INTO webhook_copies (event_id, consumer_id, customer_id, sequence, due_at)
           SELECT event_id, consumer_id, customer_id, sequence, now() FROM customer_events
           WHERE consumer_id = %(id)s""",
        id=old.consumer_id,
    )

    archiving.run(30)

    assert query("SELECT event_id FROM webhook_copies") == []


class Step:
    """Kills the process before or after one call of an object's method."""

    def __init__(self, patch: pytest.MonkeyPatch, owner: type, name: str, *, after: bool) -> None:
        method = getattr(owner, name)

        def dying(*args: Any, **kwargs: Any) -> Any:
            if after:
                method(*args, **kwargs)
            raise Killed

        patch.setattr(owner, name, dying)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("name", ["name_file", "put", "get", "compared", "move"])
def test_kill_loses_and_doubles_nothing(
    old: Bank,
    ledger: Ledger,
    query: Query,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    *,
    after: bool,
) -> None:
    before = [str(row["event_id"]) for row in events(query, old)]
    database = wiring.parts().sweep_database
    with monkeypatch.context() as patch:
        if name in ("put", "get"):
            Step(patch, Store, name, after=after)
        else:
            method = "execute" if name != "move" else "fetch_all"
            run = getattr(Database, method)

            def dying(self: Database, sql: str, *args: Any, **kwargs: Any) -> Any:
                if sql is not SQL[name]:
                    return run(self, sql, *args, **kwargs)
                if after:
                    run(self, sql, *args, **kwargs)
                raise Killed

            patch.setattr(Database, method, dying)
        with pytest.raises(Killed):
            Archiving(database, store, after_days=365).run(30)

    Archiving(database, store, after_days=365).run(30)

    assert events(query, old) == []
    assert [str(row["event_id"]) for row in moved(query, old)] == before
    stored = [
        line["event_id"]
        for file in files(query, old)
        if file["moved_at"]
        for line in content(store, file)
    ]
    assert stored == before
    assert ledger()["balanced"]


def test_other_content_never_deletes(
    old: Bank, query: Query, archiving: Archiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store gives back something else than was written."""
    with monkeypatch.context() as patch:
        patch.setattr(Store, "get", lambda *_args: b"something else")
        archiving.run(30)

    assert len(events(query, old)) == 6
    assert moved(query, old) == []
    assert archiving.run(30).events == 6


def test_store_that_is_away_deletes_nothing(
    old: Bank, query: Query, archiving: Archiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise StoreAway

    with monkeypatch.context() as patch:
        patch.setattr(Store, "put", refuse)
        assert archiving.run(30).waits_for == AWAY

    assert len(events(query, old)) == 6


def test_changed_event_stays(
    old: Bank, query: Query, store: Store, archiving: Archiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that was sent again after its file was compared is not moved; the file goes."""
    put_compared = Archiving._write

    def change(self: Archiving, file: Any, of_file: Any) -> bool:
        written = put_compared(self, file, of_file)
        query("UPDATE customer_events SET deliver_last_tried_at = now() - interval '40 days'")
        return written

    with monkeypatch.context() as patch:
        patch.setattr(Archiving, "_write", change)
        assert archiving.run(0).given_up == 1

    assert len(events(query, old)) == 6
    (file,) = files(query, old)
    assert file["given_up_at"] is not None
    assert store.get(file["object_key"]) is None


def test_altered_file_is_not_believed(
    old: Bank, query: Query, store: Store, archiving: Archiving
) -> None:
    event_id = events(query, old)[0]["event_id"]
    archiving.run(30)
    store.put(files(query, old)[0]["object_key"], b"altered", "application/gzip")

    refused = old.api.get("/events/data", event_id=event_id)

    assert refused.status == 503
    assert refused.detail["status_description"] == archived.UNREADABLE


def test_erased_person_leaves_the_files(
    old: Bank, query: Query, store: Store, ledger: Ledger, environment: dict[str, str]
) -> None:
    """Also a customer whose every event is archived can be erased; other customers' lines stay."""
    gone = str(events(query, old)[0]["customer_id"])
    with parts_with(environment, ARCHIVE_AFTER_DAYS="365"):
        assert run_schedule("archive")["events"] == 6
        former = files(query, old)
        before = [line for file in former for line in content(store, file)]
        erased = old.api.post("/customer/erase", customer_id=gone, reason="ticket 4711")
        assert erased.status in (200, 201), erased
        assert run_schedule("archive")["rewritten"] == 2

    now = [file for file in files(query, old) if file["replaced_by"] is None]
    after = [line for file in now for line in content(store, file)]
    assert [line["event_id"] for line in after] == [line["event_id"] for line in before]
    for line, was in zip(after, before, strict=True):
        if line["customer_id"] == gone:
            assert (line["payload"]["name"], line["payload"]["erased"]) == ("erased", True)
        else:
            assert line == was
    assert all(store.get(file["object_key"]) is None for file in former)
    (event, _) = (line for line in after if line["customer_id"] == gone)
    shown = old.api.get("/events/data", event_id=event["event_id"]).data
    assert shown["payload"]["name"] == "erased"
    assert ledger()["balanced"]


@pytest.mark.parametrize("days", ["0", "7"])
def test_erased_person_leaves_whatever_the_setting(
    old: Bank, query: Query, environment: dict[str, str], days: str
) -> None:
    """Nothing more is archived, or the setting is wrong: what was archived loses the person."""
    gone = str(events(query, old)[0]["customer_id"])
    with parts_with(environment, ARCHIVE_AFTER_DAYS="365"):
        run_schedule("archive")
        old.api.post("/customer/erase", customer_id=gone, reason="ticket 4711")
    fails = nullcontext() if days == "0" else pytest.raises(SettingsError)
    with parts_with(environment, ARCHIVE_AFTER_DAYS=days), fails:
        run_schedule("archive")

    shown = old.api.get("/events/data", event_id=moved(query, old)[0]["event_id"]).data
    assert shown["payload"]["name"] == "erased"
    assert sum(file["replaced_by"] is not None for file in files(query, old)) == 2


def test_erased_person_leaves_archived_letters(
    old: Bank, query: Query, archiving: Archiving
) -> None:
    """Dead letters and words about an event are no part of its archive: they are erased as ever."""
    event = events(query, old)[0]
    query(
        """INSERT INTO dead_letters (queue_name, consumer_id, event_id, reason, body, properties_json,
                                     fingerprint, resolved_at, resolved_by, resolved_reason)
           SELECT 'dead', consumer_id, event_id, 'rejected', convert_to(payload_json::text, 'UTF8'),
                  '{"headers": {"name": "Old"}}', 'f', created_at, 'resolve', 'Old had called'
           FROM customer_events WHERE event_id = %(id)s""",
        id=event["event_id"],
    )
    query(
        """INSERT INTO event_attempts (event_id, consumer_id, by, outcome, words)
           SELECT event_id, consumer_id, 'skip', 'given_up', 'Old had called'
           FROM customer_events WHERE event_id = %(id)s""",
        id=event["event_id"],
    )
    query(
        "UPDATE customer_events SET deliver_status = 'failed', delivered_at = NULL"
        " WHERE event_id = %(id)s",
        id=event["event_id"],
    )
    assert archiving.run(30).events == 6

    erased = old.api.post(
        "/customer/erase", customer_id=str(event["customer_id"]), reason="ticket 4711"
    )

    assert erased.status in (200, 201), erased
    (kept,) = query(
        "SELECT convert_from(body, 'UTF8') AS body, properties_json, resolved_reason"
        " FROM dead_letters"
    )
    assert "Old" not in str(kept)
    assert query(
        "SELECT words FROM event_attempts WHERE event_id = %(id)s", id=event["event_id"]
    ) == [{"words": "erased"}]


def test_export_has_rewritten_files_once(
    old: Bank,
    query: Query,
    environment: dict[str, str],
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The former files are no part of it, deleted or not yet."""
    gone = str(events(query, old)[0]["customer_id"])
    with parts_with(environment, ARCHIVE_AFTER_DAYS="365"):
        run_schedule("archive")
        old.api.post("/customer/erase", customer_id=gone, reason="ticket 4711")
        with monkeypatch.context() as patch:
            Step(patch, Store, "delete", after=False)
            with pytest.raises(Killed):
                run_schedule("archive")
    (before,) = query("SELECT count(*) AS files FROM archives WHERE replaced_by IS NOT NULL")
    assert before["files"] == 1
    begun(old.api)

    found = read(done(old.api), archived=True)

    ids = [line["event_id"] for line in found["archived_events"]]
    assert len(ids) == len(set(ids)) == 6


def test_no_file_is_replaced_during_an_export(
    old: Bank, query: Query, environment: dict[str, str], archiving: Archiving
) -> None:
    """An export names the files that it has found, until its manifest is written."""
    gone = events(query, old)[0]["customer_id"]
    archiving.run(30)
    old.api.post("/customer/erase", customer_id=str(gone), reason="ticket 4711")
    former, *_ = files(query, old)
    query(
        """INSERT INTO archives (archive_id, consumer_id, day, object_key, event_ids, event_count,
                                 size_bytes, content_sha256, sha256, compared_sha256, compared_at,
                                 forgotten)
           SELECT %(latter)s, consumer_id, day, 'archive/latter', event_ids, event_count, 1, 'l', 'l',
                  'l', now(), ARRAY[%(gone)s::uuid]
           FROM archives WHERE archive_id = %(former)s""",
        former=former["archive_id"],
        latter=LATTER,
        gone=gone,
    )
    replace = "SELECT replace_archive(%(bank)s, %(former)s, %(latter)s)"
    which = {"bank": old.consumer_id, "former": former["archive_id"], "latter": LATTER}
    begun(old.api)

    assert as_functions(environment, replace, which) == (False,)

    done(old.api)
    assert as_functions(environment, replace, which) == (True,)


def test_killed_rewriting_is_made_good(
    old: Bank,
    query: Query,
    store: Store,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone = str(events(query, old)[0]["customer_id"])
    with parts_with(environment, ARCHIVE_AFTER_DAYS="365"):
        run_schedule("archive")
        former = files(query, old)
        old.api.post("/customer/erase", customer_id=gone, reason="ticket 4711")
        for method in ("put", "delete", "delete"):
            with monkeypatch.context() as patch:
                Step(patch, Store, method, after=method == "put")
                with pytest.raises(Killed):
                    run_schedule("archive")
        run_schedule("archive")

    assert all(store.get(file["object_key"]) is None for file in former)
    living = [file for file in files(query, old) if file["moved_at"] and not file["erased_at"]]
    lines = [line for file in living for line in content(store, file)]
    assert len(lines) == 6
    assert all(line["payload"]["name"] == "erased" for line in lines if line["customer_id"] == gone)


ATTACKS = {
    "replace": "UPDATE archived_events SET archive_id = %(file)s",
    "delete": "DELETE FROM customer_events WHERE event_id = %(event)s",
    "index": "INSERT INTO archived_events SELECT event_id, %(file)s, consumer_id, customer_id, sequence,"
    " event_type, created_at, publish_status, deliver_status, false FROM customer_events",
    "unindex": "DELETE FROM archived_events",
    "moved": "UPDATE archives SET moved_at = now()",
    "content": "UPDATE archives SET content_sha256 = 'f', sha256 = 'f'",
    "forget": "DELETE FROM archives",
    "trigger": "ALTER TABLE customer_events DISABLE TRIGGER ALL",
    "uncompared": "SELECT move_to_archive(%(bank)s, %(file)s)",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_functions_user_cannot_delete(
    old: Bank, query: Query, environment: dict[str, str], attack: str
) -> None:
    first = events(query, old)[0]
    name_file(query, old, [first], compared=False)
    (file,) = files(query, old)
    values = {
        "event": first["event_id"],
        "bank": old.consumer_id,
        "file": file["archive_id"],
    }

    with pytest.raises(psycopg2.Error):
        as_functions(environment, ATTACKS[attack], values)

    assert len(events(query, old)) == 6


@pytest.mark.parametrize("lie", ["young", "unsettled", "content", "gap", "foreign"])
def test_lies_about_a_file_delete_nothing(
    old: Bank, make_bank: Callable[[], Bank], query: Query, environment: dict[str, str], lie: str
) -> None:
    """Who acts as the functions' user claims that a file was compared; the rows say otherwise."""
    first, *_, last = events(query, old)
    chosen, bank = [first], old.consumer_id
    if lie == "young":
        query("UPDATE customer_events SET delivered_at = now() WHERE delivered_at IS NOT NULL")
    if lie == "unsettled":
        query("UPDATE customer_events SET deliver_status = 'pending', delivered_at = NULL")
    if lie == "gap":
        chosen = [last]
    name_file(query, old, chosen, compared=True, content="0" * 64 if lie == "content" else None)
    if lie == "foreign":
        bank = make_bank().consumer_id
    (file,) = files(query, old)

    told = as_functions(
        environment,
        "SELECT move_to_archive(%(bank)s, %(file)s)",
        {"bank": bank, "file": file["archive_id"]},
    )

    assert told == ((0,) if lie == "foreign" else (None,))
    assert len(events(query, old)) == 6


def test_owner_cannot_delete_either(old: Bank, query: Query) -> None:
    with pytest.raises(psycopg2.errors.RestrictViolation):
        query("DELETE FROM customer_events WHERE consumer_id = %(id)s", id=old.consumer_id)


def name_file(
    query: Query,
    bank: Bank,
    chosen: list[dict[str, Any]],
    *,
    compared: bool,
    content: str | None = None,
) -> None:
    """Write the row of a file that nobody stored, with the right hash of its lines."""
    query(
        """INSERT INTO archives (archive_id, consumer_id, day, object_key, event_ids, event_count,
                                 size_bytes, content_sha256, sha256, compared_sha256, compared_at)
           SELECT gen_random_uuid(), %(bank)s, %(day)s, 'archive/x', array_agg(event_id), count(*), 1,
                  coalesce(%(content)s,
                           encode(sha256(convert_to(string_agg(archived_line(e) || E'\\n', ''
                                  ORDER BY created_at, event_id), 'UTF8')), 'hex')),
                  'a', CASE WHEN %(compared)s THEN 'a' END, CASE WHEN %(compared)s THEN now() END
           FROM customer_events e
           WHERE event_id = ANY (%(ids)s::uuid[])""",
        bank=bank.consumer_id,
        day=datetime.now(UTC).date(),
        content=content,
        compared=compared,
        ids=[str(event["event_id"]) for event in chosen],
    )


def as_functions(environment: dict[str, str], sql: str, values: dict[str, Any]) -> Any:
    connection = psycopg2.connect(environment["DATABASE_URL"])
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchone()
    finally:
        connection.close()


def test_admin_reads_archived_event(
    old: Bank, admin: Api, query: Query, archiving: Archiving
) -> None:
    event_id = events(query, old)[0]["event_id"]
    archiving.run(30)

    assert admin.get("/events/data", event_id=event_id).data["consumer_id"] == old.consumer_id
