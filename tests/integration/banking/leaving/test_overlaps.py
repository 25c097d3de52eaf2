"""Runs that overlap while they write, move and delete files: none is lost, and none is left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import pytest

from chalicelib.banking import wiring
from chalicelib.banking.archive import archiving as archiving_module
from chalicelib.banking.archive import forgetting
from chalicelib.banking.archive.archiving import SQL, Archiving, manifest_key
from chalicelib.banking.leaving import export_worker
from chalicelib.banking.leaving.ending import WRITER, WRITING_SECONDS, Ended, Ending
from chalicelib.banking.leaving.exports import export_manifest_key
from fintegrate.database import Database
from fintegrate.storage.json_lines import File
from fintegrate.storage.store import Store
from tests.integration.banking.leaving.test_archive import WRITE, Step, content, events, files
from tests.integration.banking.leaving.test_export import Killed, begun
from tests.integration.banking.leaving.test_offboarding import LATER, leave, shown
from tests.support.api import Api
from tests.support.banking import Bank, parts_with
from tests.support.fixtures import Query
from tests.support.schedules import run_schedule

OLD = timedelta(days=365)
End = Callable[[], Ended]
Run = Callable[[], object]


@pytest.fixture
def old(bank: Bank, query: Query) -> Bank:
    """A bank with three customers, whose two events each are 400 and 399 days old."""
    query(WRITE, id=bank.consumer_id, customers=3)
    return bank


@pytest.fixture
def other_run(environment: dict[str, str], store: Store) -> Iterator[Run]:
    """A run of the archive with a connection of its own."""
    database = Database(environment["DATABASE_URL"])
    yield lambda: Archiving(database, store, after_days=OLD.days).run(30)
    database.close()


@pytest.fixture
def end(store: Store) -> End:
    """Runs the end of offboardings as a month later."""
    database = wiring.parts().sweep_database
    return lambda: Ending(database, store, lambda _name: None).run(60, datetime.now(UTC) + LATER)


class Once:
    """Lets something happen within the first call of a function."""

    def __init__(self, patch: pytest.MonkeyPatch, owner: Any, name: str, meanwhile: Run) -> None:
        function = getattr(owner, name)
        left = [meanwhile]

        def interrupted(*args: Any, **kwargs: Any) -> Any:
            if left:
                left.pop()()
            return function(*args, **kwargs)

        patch.setattr(owner, name, interrupted)


def kill_after(patch: pytest.MonkeyPatch, name: str) -> None:
    """Kill the process after it has run a statement of the archive."""
    execute = Database.execute

    def dying(self: Database, sql: str, *args: Any) -> int:
        result = execute(self, sql, *args)
        if sql is SQL[name]:
            raise Killed
        return result

    patch.setattr(Database, "execute", dying)


def is_stored(store: Store, file: dict[str, Any]) -> bool:
    return any(store.get(key) is not None for key in (file["object_key"], manifest_key(file)))


def test_overlapping_run_keeps_moved_events(
    old: Bank, query: Query, store: Store, other_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs go on with one file. The second finds its events gone: the file is their only copy."""
    run = Archiving(wiring.parts().sweep_database, store, after_days=OLD.days)
    with monkeypatch.context() as patch:
        kill_after(patch, "name_file")
        with pytest.raises(Killed):
            run.run(30)
    with monkeypatch.context() as patch:
        Once(patch, Archiving, "_write", other_run)
        result = run.run(30)

    assert result.given_up == 0
    assert events(query, old) == []
    stored = [line for file in files(query, old) for line in content(store, file)]
    assert len(stored) == 6


def test_overlapping_run_keeps_rewritten_files(
    old: Bank,
    query: Query,
    store: Store,
    other_run: Run,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run of the archive looks at a file that is just being written again without a person."""
    looking, replaced = Event(), Event()
    make, store_file = Archiving._made, archiving_module.store_file
    looks = Thread(target=other_run)

    def made(self: Archiving, file: Any) -> File:
        looking.set()
        assert replaced.wait(30)
        return make(self, file)

    def stored(*args: Any) -> str:
        compared = store_file(*args)
        if not looking.is_set():
            looks.start()
            assert looking.wait(30)
        return compared

    with parts_with(environment, ARCHIVE_AFTER_DAYS=str(OLD.days)):
        run_schedule("archive")
        gone = query("SELECT customer_id FROM archived_events LIMIT 1")[0]["customer_id"]
        old.api.post("/customer/erase", customer_id=str(gone), reason="ticket 4711")
        with monkeypatch.context() as patch:
            patch.setattr(Archiving, "_made", made)
            patch.setattr(forgetting, "store_file", stored)
            forgetting.forget_erased(wiring.parts().sweep_database, store, float("inf"))
            replaced.set()
            looks.join(30)

    living = [file for file in files(query, old) if file["moved_at"] and not file["erased_at"]]
    assert sum(len(content(store, file)) for file in living) == 6


def test_file_of_a_gone_bank_is_not_left(
    old: Bank,
    admin: Api,
    query: Query,
    store: Store,
    end: End,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The bank's offboarding ends while a run of the archive writes a file of it."""
    leave(admin, old)
    run = Archiving(wiring.parts().sweep_database, store, after_days=OLD.days)
    with monkeypatch.context() as patch:
        Once(patch, Store, "put", end)
        run.run(0)

    assert shown(admin, old)["waits_for"] == WRITER
    (file,) = files(query, old)
    assert not is_stored(store, file)
    end_of_writing(query, old)
    assert end().done == 1
    run.run(30)  # goes on behind the file that was given up
    assert run.run(30).events == 6, "what is left of the events may be archived"
    lines = [
        line for file in files(query, old) if file["moved_at"] for line in content(store, file)
    ]
    assert {line["payload"]["name"] for line in lines} == {"erased"}


def test_killed_run_of_a_gone_bank_leaves_nothing(
    old: Bank, admin: Api, query: Query, store: Store, end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run writes its file after the bank has given it up, and is killed before it notices."""
    leave(admin, old)
    run = Archiving(wiring.parts().sweep_database, store, after_days=OLD.days)
    with monkeypatch.context() as patch:
        Once(patch, Store, "put", end)
        Step(patch, Store, "get", after=True)
        with pytest.raises(Killed):
            run.run(30)
    (file,) = files(query, old)
    assert is_stored(store, file)

    end_of_writing(query, old)
    assert end().done == 1

    assert not is_stored(store, file)


def end_of_writing(query: Query, bank: Bank) -> None:
    """As if nobody could be writing a file any more that was given up."""
    query(
        "UPDATE archives SET given_up_at = given_up_at - make_interval(secs => %(seconds)s)"
        " WHERE consumer_id = %(id)s",
        id=bank.consumer_id,
        seconds=WRITING_SECONDS,
    )


def keys(query: Query, bank: Bank) -> list[str]:
    """The objects of the bank's exports that are or may be written."""
    rows = query(
        "SELECT export_id, object_key FROM exports LEFT JOIN export_files USING (export_id)"
        " WHERE consumer_id = %(id)s",
        id=bank.consumer_id,
    )
    return [
        *(str(row["object_key"]) for row in rows if row["object_key"]),
        *{export_manifest_key(str(row["export_id"])) for row in rows},
    ]


@pytest.mark.parametrize("writes", [".jsonl.gz", "manifest.json"])
def test_export_of_a_gone_bank_is_not_left(
    old: Bank,
    admin: Api,
    query: Query,
    store: Store,
    end: End,
    monkeypatch: pytest.MonkeyPatch,
    writes: str,
) -> None:
    """The offboarding ends while a worker writes a file of an export: it awaits the worker's lease."""
    begun(old.api)
    leave(admin, old)
    write = export_worker.store_compared
    ended: list[object] = []

    def late(store: Store, key: str, *args: Any) -> str:
        if key.endswith(writes) and not ended:
            ended.append(end().done)
            assert shown(admin, old)["waits_for"] == WRITER
        return write(store, key, *args)

    with monkeypatch.context() as patch:
        patch.setattr(export_worker, "store_compared", late)
        run_schedule("export")
    assert ended == [0]
    named = keys(query, old)
    assert any(store.get(key) is not None for key in named)

    assert end().done == 1

    assert [key for key in named if store.get(key) is not None] == []


def test_worker_that_outlives_its_lease_cleans_up(
    old: Bank, admin: Api, query: Query, store: Store, end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(old.api)
    leave(admin, old)
    ended: list[object] = []

    def late() -> None:
        query("UPDATE exports SET lease_until = now()")
        ended.append(end().done)

    with monkeypatch.context() as patch:
        Once(patch, Store, "put", late)
        run_schedule("export")

    assert ended == [1]
    assert [key for key in keys(query, old) if store.get(key) is not None] == []


def test_manifest_of_a_killed_export_is_deleted(
    old: Bank, admin: Api, query: Query, store: Store, end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(old.api)
    write = export_worker.store_compared

    def dying(store: Store, key: str, *args: Any) -> str:
        compared = write(store, key, *args)
        if key.endswith("manifest.json"):
            raise Killed
        return compared

    with monkeypatch.context() as patch:
        patch.setattr(export_worker, "store_compared", dying)
        with pytest.raises(Killed):
            run_schedule("export")
    query("UPDATE exports SET lease_until = now()")
    leave(admin, old)

    assert end().done == 1

    assert [key for key in keys(query, old) if store.get(key) is not None] == []


def test_gone_bank_has_no_export_taken_up(old: Bank, admin: Api, query: Query) -> None:
    """What the end of the offboarding is about to delete is not written any more."""
    begun(old.api)
    leave(admin, old)
    query("UPDATE offboardings SET status = 'ending'")

    assert run_schedule("export")["jobs"] == 0


def test_worker_deletes_what_another_named_anew(
    old: Bank, query: Query, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker lost its job, and the next one has named another file in the place of its own."""
    begun(old.api)
    former: list[str] = []

    def taken_over() -> None:
        (file,) = query("SELECT object_key FROM export_files")
        former.append(str(file["object_key"]))
        query("UPDATE export_files SET object_key = 'exports/another'")
        query("UPDATE exports SET worker_id = gen_random_uuid()")

    with monkeypatch.context() as patch:
        Once(patch, Store, "put", taken_over)
        run_schedule("export")

    (key,) = former
    assert store.get(key) is None
