"""Who is erased leaves the files, whatever else happens to them meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.banking import wiring
from chalicelib.banking.archive import forgetting
from chalicelib.banking.archive.archiving import AWAY, SQL, Archiving
from chalicelib.banking.archive.forgetting import forget_erased
from fintegrate.database import Database
from fintegrate.storage.json_lines import Differs
from fintegrate.storage.store import Store, StoreAway
from tests.integration.banking.leaving.test_archive import (
    WRITE,
    as_functions,
    content,
    events,
    files,
    moved,
)
from tests.integration.banking.leaving.test_export import Killed, begun, done, read
from tests.support.banking import Bank
from tests.support.fixtures import Query

LATER = "UPDATE archives SET given_up_at = given_up_at - interval '16 minutes'"


@pytest.fixture
def old(bank: Bank, query: Query) -> Bank:
    """A bank with three customers, whose two events each are 400 and 399 days old."""
    query(WRITE, id=bank.consumer_id, customers=3)
    return bank


@pytest.fixture
def archiving(store: Store) -> Archiving:
    return Archiving(wiring.parts().sweep_database, store, after_days=365)


def forget(store: Store) -> int:
    return forget_erased(wiring.parts().sweep_database, store, deadline=float("inf"))


def erase(bank: Bank, customer_id: object) -> None:
    erased = bank.api.post("/customer/erase", customer_id=str(customer_id), reason="ticket 4711")
    assert erased.data["finished_at"], erased


def names(query: Query, bank: Bank, store: Store) -> dict[str, set[str]]:
    """The names that each customer has in the files where its events lie."""
    found: dict[str, set[str]] = {}
    for file in files(query, bank):
        if file["moved_at"] and file["replaced_by"] is None:
            for line in content(store, file):
                found.setdefault(line["customer_id"], set()).add(line["payload"]["name"])
    return found


def stored(query: Query, bank: Bank, store: Store) -> list[str]:
    """The files of the bank that are in the store."""
    keys = [str(file["object_key"]) for file in files(query, bank)]
    return [key for key in keys if store.get(key) is not None]


def customers(query: Query, bank: Bank) -> list[str]:
    return sorted({str(event["customer_id"]) for event in events(query, bank)})


def test_erased_amid_a_rewriting_leaves_too(
    old: Bank, query: Query, store: Store, archiving: Archiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file was looked up before the second erasure, and is named after it."""
    first, second, third = customers(query, old)
    archiving.run(30)
    erase(old, first)
    get = Store.get

    def erasing(self: Store, key: str) -> bytes | None:
        monkeypatch.undo()
        erase(old, second)
        return get(self, key)

    monkeypatch.setattr(Store, "get", erasing)
    forget(store)

    assert names(query, old, store) == {first: {"erased"}, second: {"erased"}, third: {"Old"}}


def test_nothing_is_written_again_for_nothing(
    old: Bank, query: Query, store: Store, archiving: Archiving
) -> None:
    """Neither what was rewritten already, nor what was archived after the erasure."""
    before, later, _ = customers(query, old)
    erase(old, before)
    archiving.run(30)
    assert forget(store) == 0
    erase(old, later)
    assert forget(store) == 2

    assert forget(store) == 0


def test_dealt_with_erasure_is_not_read_again(
    old: Bank, query: Query, store: Store, archiving: Archiving
) -> None:
    """Its events are looked at no more, whatever a file is said to hold; a later one's are."""
    first, second, third = customers(query, old)
    archiving.run(30)
    erase(old, first)
    assert forget(store) == 2
    query("UPDATE archives SET forgotten = '{}'")  # no run could set this: who looks would find it

    assert forget(store) == 0

    erase(old, second)
    assert forget(store) == 2
    assert names(query, old, store) == {first: {"erased"}, second: {"erased"}, third: {"Old"}}


def test_erasure_that_waits_is_found_again(
    old: Bank, query: Query, store: Store, archiving: Archiving
) -> None:
    """An export names the files, so that they stay for now."""
    gone, *_ = customers(query, old)
    archiving.run(30)
    erase(old, gone)
    begun(old.api)
    assert forget(store) == 0

    done(old.api)

    assert forget(store) == 2
    assert names(query, old, store)[gone] == {"erased"}


@pytest.mark.parametrize("forgotten", ["'{}'", "ARRAY[%(other)s::uuid]", "f.forgotten"])
def test_file_that_forgets_less_stays_out(
    old: Bank,
    query: Query,
    store: Store,
    archiving: Archiving,
    environment: dict[str, str],
    forgotten: str,
) -> None:
    """Who acts as the functions' user cannot bring the person back by another file."""
    gone, other, _ = customers(query, old)
    archiving.run(30)
    erase(old, gone)
    forget(store)
    former = next(file for file in files(query, old) if file["replaced_by"] is None)
    values = {"bank": old.consumer_id, "former": former["archive_id"], "other": other}
    query(
        "INSERT INTO archives (archive_id, consumer_id, day, object_key, event_ids, event_count,"
        " size_bytes, content_sha256, sha256, compared_sha256, compared_at, forgotten)"
        " SELECT gen_random_uuid(), consumer_id, day, 'archive/mine', event_ids, event_count, 1,"
        f" 'a', 'a', 'a', now(), {forgotten} FROM archives f WHERE archive_id = %(former)s",
        **values,
    )

    replaced = as_functions(
        environment,
        "SELECT replace_archive(%(bank)s, %(former)s, archive_id) FROM archives"
        " WHERE object_key = 'archive/mine'",
        values,
    )

    assert replaced == (False,)


def test_spoilt_file_keeps_no_other(
    old: Bank, query: Query, store: Store, archiving: Archiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, *_ = customers(query, old)
    archiving.run(30)
    erase(old, gone)
    spoilt, other = files(query, old)
    store.delete(spoilt["object_key"])
    monkeypatch.setattr(forgetting, "AT_ONCE", 1)

    with pytest.raises(Differs, match=str(spoilt["archive_id"])):
        forget(store)

    (latter,) = (file for file in files(query, old) if file["day"] == other["day"] != spoilt["day"]
                 and file["replaced_by"] is None)  # fmt: skip
    lines = content(store, latter)
    assert {line["payload"]["name"] for line in lines if line["customer_id"] == gone} == {"erased"}
    assert store.get(other["object_key"]) is None


def test_given_up_file_is_deleted_later(
    old: Bank, query: Query, store: Store, archiving: Archiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store went away after the file was given up, and before it was deleted."""
    gone, *_ = customers(query, old)
    write = Archiving._write

    def erasing(self: Archiving, file: Any, of_file: Any) -> bool:
        written = write(self, file, of_file)
        erase(old, gone)
        return written

    def away(*_args: object) -> None:
        raise StoreAway

    with monkeypatch.context() as patch:
        patch.setattr(Archiving, "_write", erasing)
        patch.setattr(Store, "delete", away)
        assert archiving.run(0).waits_for == AWAY
    assert len(stored(query, old, store)) == 1

    query(LATER)
    forget(store)

    assert stored(query, old, store) == []
    assert [file["erased_at"] is not None for file in files(query, old)] == [True]


def test_unmoved_file_is_not_left(
    old: Bank, query: Query, store: Store, archiving: Archiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run was killed before it took the rows away; no other comes, because archiving is off."""
    gone, *_ = customers(query, old)
    _killed_before(monkeypatch, "move", lambda: archiving.run(30))
    erase(old, gone)
    assert len(stored(query, old, store)) == 1

    forget(store)

    assert stored(query, old, store) == []
    assert moved(query, old) == []


def test_unfinished_rewriting_is_not_left(
    old: Bank, query: Query, store: Store, archiving: Archiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It forgets one person, and the next is erased before anybody gives it up."""
    first, second, _ = customers(query, old)
    archiving.run(30)
    erase(old, first)
    _killed_before(monkeypatch, "replace", lambda: forget(store))
    erase(old, second)

    forget(store)

    living = {file["object_key"] for file in files(query, old)
              if file["moved_at"] and file["replaced_by"] is None}  # fmt: skip
    assert set(stored(query, old, store)) == living
    assert names(query, old, store)[second] == {"erased"}


def test_late_writer_leaves_no_file(
    old: Bank, query: Query, store: Store, archiving: Archiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run gave the file up and deleted it, while this one was about to write it."""
    put = Store.put

    def late(self: Store, key: str, body: bytes, content_type: str) -> None:
        query("UPDATE archives SET given_up_at = now()")
        put(self, key, body, content_type)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "put", late)
        archiving.run(0)

    assert len(files(query, old)) == 1
    assert stored(query, old, store) == []
    assert len(events(query, old)) == 6


def test_export_has_the_rewritten_files(
    old: Bank, query: Query, store: Store, archiving: Archiving
) -> None:
    gone, *_ = customers(query, old)
    archiving.run(30)
    erase(old, gone)
    forget(store)

    begun(old.api)
    found = read(done(old.api), archived=True)

    assert len(found["archived_events"]) == 6


def _killed_before(patch: pytest.MonkeyPatch, name: str, run: Any) -> None:
    """Run until before a statement of this name."""
    statement = SQL[name] if name in SQL else forgetting.SQL[name]
    fetch_all = Database.fetch_all

    def dying(self: Database, sql: str, *args: Any, **kwargs: Any) -> Any:
        if sql is statement:
            raise Killed
        return fetch_all(self, sql, *args, **kwargs)

    with patch.context() as killing:
        killing.setattr(Database, "fetch_all", dying)
        with pytest.raises(Killed):
            run()
