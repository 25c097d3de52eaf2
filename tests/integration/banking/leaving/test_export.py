"""A bank's export: what is in its files, that a kill loses and doubles nothing, and how it ends."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from chalicelib.banking import wiring
from chalicelib.banking.leaving import export_worker
from chalicelib.banking.leaving.export_worker import ExportWorker, _Kind
from fintegrate.database import Database
from fintegrate.storage.json_lines import digest, lines_of
from fintegrate.storage.store import Store, StoreAway
from tests.support.api import Api
from tests.support.banking import Bank, parts_with
from tests.support.fixtures import Query
from tests.support.schedules import run_schedule

Live = Callable[..., list[str]]
EXPORT = "/consumer/export"


class Killed(BaseException):
    """The process ends here."""


def begun(api: Api, **fields: object) -> dict[str, Any]:
    reply = api.post(EXPORT, **fields)
    assert reply.status == 201, reply
    return reply.data


def shown(api: Api, **fields: object) -> dict[str, Any]:
    reply = api.get(EXPORT, **fields)
    assert reply.status == 200, reply
    return reply.data


def done(api: Api) -> dict[str, Any]:
    """The export after a run, which must have ended it."""
    run_schedule("export")
    job = shown(api)
    assert job["status"] == "done", job
    return job


def fetched(url: str) -> bytes:
    answer = httpx.get(url, trust_env=False)
    assert answer.status_code == 200, answer.text
    return answer.content


def manifest_of(job: dict[str, Any]) -> dict[str, Any]:
    body = fetched(job["manifest"]["url"])
    assert digest(body) == job["manifest"]["sha256"]
    found: dict[str, Any] = json.loads(body)
    return found


def read(job: dict[str, Any], *, archived: bool = False) -> dict[str, list[dict[str, Any]]]:
    """What the files hold, by kind. Each must be as the manifest says."""
    kinds = (*export_worker.KINDS, *(["archived_events"] if archived else []))
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in kinds}
    named = manifest_of(job)["files"]
    assert len(named) == len(job["files"])
    for file, said in zip(job["files"], named, strict=True):
        lines = [json.loads(line) for line in lines_of(fetched(file["url"]), said["sha256"])]
        assert (len(lines), file["sha256"]) == (said["lines"], said["sha256"])
        found[said["kind"]] += lines
    return found


def counts(query: Query, bank: Bank) -> dict[str, object]:
    (row,) = query(
        """SELECT (SELECT count(*) FROM customers WHERE consumer_id = %(id)s) AS customers,
                  (SELECT count(*) FROM customer_tags JOIN customers USING (customer_id)
                   WHERE consumer_id = %(id)s) AS tags,
                  (SELECT count(*) FROM customer_analytics WHERE consumer_id = %(id)s) AS snapshots,
                  (SELECT count(*) FROM customer_events WHERE consumer_id = %(id)s) AS events,
                  (SELECT count(*) FROM consumer_event_receipts
                   WHERE consumer_id = %(id)s) AS receipts""",
        id=bank.consumer_id,
    )
    return row


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page has a row, and a file has a page."""
    kinds = {name: _Kind(1, *kind[1:]) for name, kind in export_worker.READ.items()}
    monkeypatch.setattr(export_worker, "READ", kinds)
    monkeypatch.setattr("fintegrate.storage.json_lines.FILE_BYTES", 1)


def test_export_holds_everything(bank: Bank, lived_in: Live, query: Query) -> None:
    lived_in(3)
    begun(bank.api)

    job = done(bank.api)

    found = read(job)
    assert {kind: len(lines) for kind, lines in found.items()} == counts(query, bank)
    assert manifest_of(job)["counts"] == {**counts(query, bank), "archived_events": 0}
    assert job["written"]["events"]["lines"] == 3
    for snapshot in found["snapshots"]:
        assert snapshot["tags"].keys() == {"number"}
    assert all(event["payload"]["name"] for event in found["events"])


def test_other_banks_stay_out(
    make_bank: Callable[[], Bank], bank: Bank, lived_in: Live, query: Query
) -> None:
    lived_in(1)
    other = make_bank()
    strangers = {other.create_customer() for _ in range(2)}
    begun(bank.api)

    found = read(done(bank.api))

    ids = {line.get("customer_id") for lines in found.values() for line in lines}
    assert not ids & strangers
    assert other.api.get(EXPORT).status == 404


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("step", range(1, 12, 2))
def test_kill_loses_and_doubles_nothing(
    bank: Bank, lived_in: Live, query: Query, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """A worker dies at one of its statements or calls; the next one goes on."""
    lived_in(2)
    job = begun(bank.api)
    left = iter(range(step))

    def dying(method: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            alive = next(left, None) is not None
            if not alive and not after:
                raise Killed
            result = method(*args, **kwargs)
            if not alive:
                raise Killed
            return result

        return call

    with monkeypatch.context() as patched:
        patched.setattr(Store, "put", dying(Store.put, after=True))
        patched.setattr(ExportWorker, "_advance", dying(ExportWorker._advance, after=step % 4 == 1))
        with pytest.raises(Killed):
            run_schedule("export")
    query("UPDATE exports SET lease_until = now() WHERE export_id = %(id)s", id=job["export_id"])

    found = read(done(bank.api))

    assert {kind: len(lines) for kind, lines in found.items()} == counts(query, bank)
    for kind, name in (("events", "event_id"), ("snapshots", "snapshot_id")):
        assert max(Counter(line[name] for line in found[kind]).values()) == 1


def test_later_events_stay_out(bank: Bank, lived_in: Live, query: Query) -> None:
    lived_in(1)
    job = begun(bank.api)
    bank.create_customer("Later")

    found = read(done(bank.api))

    assert len(found["events"]) == len(found["customers"]) == 1
    assert all(event["created_at"] <= job["cut_at"] for event in found["events"])


def test_open_transaction_is_awaited(
    bank: Bank, query: Query, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event of before the cut that commits after it is in the export."""
    customer_id = bank.create_customer()
    other = Database(environment["DATABASE_URL"])
    change = (
        "UPDATE customers SET event_sequence = 2 WHERE customer_id = %(id)s RETURNING customer_id"
    )
    with parts_with(environment, EXPORT_SECONDS="1"):
        with other.transaction():
            other.execute(change, {"id": customer_id})
            job = begun(bank.api)
            run_schedule("export")
            waiting = shown(bank.api)
            other.execute(
                """INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type,
                       source_service, payload_json, metadata_json, created_at)
                   VALUES (%(bank)s, %(id)s, 2, 'customer_status_change', 'test', '{}', '{}', %(at)s)""",
                {"bank": bank.consumer_id, "id": customer_id, "at": job["cut_at"]},
            )
        found = read(done(bank.api))
    other.close()

    assert (waiting["status"], waiting["waits_for"]) == ("running", export_worker.QUIET)
    assert [event["sequence"] for event in found["events"]] == [1, 2]


def test_store_that_is_away_is_awaited(
    bank: Bank, lived_in: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived_in(1)
    begun(bank.api)
    with monkeypatch.context() as patched:

        def refuse(*_args: object) -> None:
            raise StoreAway

        patched.setattr(Store, "put", refuse)
        run_schedule("export")

    assert shown(bank.api)["waits_for"] == export_worker.AWAY
    assert done(bank.api)["waits_for"] is None


def test_changed_file_is_noticed(
    bank: Bank, lived_in: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the store does not give back as it was written is not taken for written."""
    lived_in(1)
    begun(bank.api)
    with monkeypatch.context() as patched:
        patched.setattr(Store, "get", lambda *_args: b"something else")
        run_schedule("export")

    job = shown(bank.api)
    assert (job["status"], job["waits_for"], job["files"]) == (
        "running",
        export_worker.DIFFERS,
        [],
    )


def test_second_export_waits_for_the_first(bank: Bank) -> None:
    begun(bank.api)

    assert bank.api.post(EXPORT).status == 409

    done(bank.api)
    begun(bank.api)


def test_old_files_are_deleted(bank: Bank, lived_in: Live, store: Store) -> None:
    lived_in(1)
    begun(bank.api)
    job = done(bank.api)
    worker = ExportWorker(wiring.parts().sweep_database, store, keep_days=7)

    worker.run(1, now=datetime.now(UTC) + timedelta(days=6))
    assert shown(bank.api)["status"] == "done"
    worker.run(1, now=datetime.now(UTC) + timedelta(days=8))

    after = shown(bank.api)
    assert (after["status"], after["files"], after["manifest"]) == ("removed", [], None)
    for url in (job["manifest"]["url"], *(file["url"] for file in job["files"])):
        assert httpx.get(url, trust_env=False).status_code == 404


@pytest.mark.usefixtures("small")
def test_files_have_pages(bank: Bank, lived_in: Live) -> None:
    lived_in(2)
    begun(bank.api)
    whole = done(bank.api)["files"]

    first = shown(bank.api, limit=3)
    rest = shown(bank.api, after=first["next_after"])

    numbers = [file["number"] for file in (*first["files"], *rest["files"])]
    assert numbers == [file["number"] for file in whole]
    assert rest["next_after"] is None


def test_admin_exports_any_bank(admin: Api, bank: Bank, query: Query) -> None:
    bank.create_customer()
    begun(admin, consumer_id=bank.consumer_id, reason="the bank leaves")
    run_schedule("export")

    job = shown(admin, consumer_id=bank.consumer_id)

    assert (job["status"], job["consumer_name"]) == ("done", bank.name)
    (looked,) = query("SELECT reason FROM audit_log WHERE action = 'GET /consumer/export'")
    assert job["export_id"] in str(looked["reason"])
    assert admin.post(EXPORT).status == 422


def test_without_a_store_it_is_refused(bank: Bank, environment: dict[str, str]) -> None:
    with parts_with(environment, BANK_STORE_BUCKET=""):
        refused = bank.api.post(EXPORT)
        skipped = run_schedule("export")

    assert refused.status == 409
    assert "BANK_STORE_BUCKET" in refused.detail["status_description"]
    assert skipped == {"skipped": "there is no object store"}


def test_admin_names_bank_or_export(admin: Api, bank: Bank) -> None:
    """Else he would get links to the files of whichever bank asked last."""
    job = begun(bank.api)

    refused = admin.get(EXPORT)

    assert (refused.status, refused.description) == (422, "consumer_id: or export_id is required")
    for wanted in ({"consumer_id": bank.consumer_id}, {"export_id": job["export_id"]}):
        assert shown(admin, **wanted)["export_id"] == job["export_id"]
