"""Dies in what writes, moves and erases a bank's data: erasing, export, archive and offboarding.

Another request or run goes on. The end must be the one of work that nobody killed, so each scenario
looks itself; the ledger of deliveries does not judge rows that tell of nobody any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from chalicelib.banking.events.topology import queue_name
from local.banking.chaos.kill_points.changes import NO_BROKER
from local.banking.chaos.kill_points.points.amidst import interrupt, locked
from local.banking.chaos.kill_points.points.calling import outage
from local.banking.chaos.kill_points.tasks import Request, Stored
from local.banking.chaos.kill_points.trial import Trial
from local.banking.tenant_queues import queue_exists
from local.chaos.boundaries import COMMIT, Boundary, Method, Statement, after, before
from local.chaos.kill_points import KillPoint, until
from local.chaos.scheduled_run import ScheduledRun

ERASING = "functions/banking/customer/erasing.sql"
EXPORT = "functions/banking/leaving/export_worker.sql"
ARCHIVING = "functions/banking/archive/archiving.sql"
ENDING = "functions/banking/leaving/ending.sql"
NO_WEBHOOK = Statement("functions/banking/webhooks/choosing.sql", "end")
STORED = Method("chalicelib.banking.leaving.export_worker:store_compared")
ARCHIVED = Method("chalicelib.banking.archive.archiving:store_compared")
DELETE_QUEUES = Method("fintegrate.messaging.topology:delete")
OLD_EVENTS = 6
"""Three customers with two events, each of a day of its own."""
ARCHIVE = ScheduledRun("archive")
ARCHIVES = {"ARCHIVE_AFTER_DAYS": "30"}
NOTHING_LEFT = {"persons": 0, "customers": 0, "archives": 0, "exports": 0}


def erasing(trial: Trial) -> None:
    """The request that erases a customer dies, and is sent again."""
    trial.is_judged = False
    outage(trial)
    made = trial.answers[0]
    customer_id = made.data["customer_id"]
    body = {"customer_id": customer_id, "reason": "ticket 1"}
    request = Request("POST", "/customer/erase", trial.tenant.key, body)
    trial.kill(request, NO_BROKER)
    reply = trial.cell.run(request, NO_BROKER).answer
    trial.expect(reply.status == 200 and reply.data["finished_at"], f"erased: {reply.status}")
    (left,) = trial.cell.query("left_of_person", customer_id=customer_id, words=f"%{made.call}%")
    expected = {"customers": 0, "words": 0, "sequences": [1, 2, 3, 4], "event_count": 4}
    trial.expect(left == expected, f"left of the customer: {left}")
    trial.come_to_rest()
    _is_balanced(trial)


def exporting(trial: Trial) -> None:
    """The export dies, and another worker goes on. It is as one that nobody killed."""
    outage(trial)
    trial.come_to_rest()
    job = _export(trial)
    trial.kill(ScheduledRun("export"))
    killed = _exported(trial, job)
    whole = _exported(trial, _export(trial))
    trial.expect(killed == whole, f"{killed} instead of {whole}")


def archiving(trial: Trial) -> None:
    """The archive dies, and the next run goes on: each event is in one file, and out of the table."""
    _write_old(trial)
    before_it = _sums(trial)
    trial.kill(ARCHIVE, ARCHIVES)
    _is_archived(trial, before_it)


def archiving_amidst(trial: Trial) -> None:
    """The process is killed while the statement that takes rows away waits for one of them."""
    _write_old(trial)
    before_it = _sums(trial)
    (event, *_) = trial.events()
    with locked(trial, "hold_event", event_id=event.event_id):
        interrupt(trial, ARCHIVE, settings=ARCHIVES, backend=False)
    until("nobody is under way any more", lambda: not trial.cell.query("under_way"))
    _is_archived(trial, before_it)


def offboarding(trial: Trial) -> None:
    """A bank with customers, export and archive leaves. The run that ends it dies; another follows."""
    trial.is_judged = False
    outage(trial)
    _exported(trial, _export(trial))
    _write_old(trial)
    trial.cell.run(ARCHIVE, ARCHIVES)
    whose = {"consumer_id": trial.tenant.consumer_id}
    trial.send(trial.admin("POST", "/consumer/offboard", {**whose, "reason": "it leaves"}), 201)
    trial.cell.query("end_offboarding_time", **whose)
    keys = [row["key"] for row in trial.cell.query("stored_keys", **whose)]
    trial.kill(ScheduledRun("offboard"))
    until("the bank is erased", lambda: _is_offboarded(trial))
    (left,) = trial.cell.query("left_of_bank", **whose, words=f"%{trial.tenant.name} %")
    trial.expect(left == NOTHING_LEFT, f"left of the bank: {left}")
    url = trial.cell.urls.rabbitmq_url
    trial.expect(not queue_exists(url, queue_name(trial.tenant.name)), "its queue is left")
    found = [each for each in trial.cell.run(Stored(tuple(keys))).answer if each is not None]
    trial.expect(bool(keys) and not found, f"{len(found)} of {len(keys)} files are left")
    _is_balanced(trial)


def _export(trial: Trial) -> str:
    request = Request("POST", "/consumer/export", trial.tenant.key, {"reason": "the bank asks"})
    return str(trial.send(request, 201).data["export_id"])


def _exported(trial: Trial, export_id: str) -> Mapping[str, Any]:
    """Run the schedule until the export is done; its files in order, with their hashes and lines."""
    request = Request("GET", "/consumer/export", trial.tenant.key, {"export_id": export_id})

    def is_done() -> bool:
        trial.cell.query("end_export_lease", consumer_id=trial.tenant.consumer_id)
        trial.cell.run(ScheduledRun("export"))
        return bool(trial.send(request, 200).data["status"] == "done")

    until("the export is done", is_done)
    files = trial.cell.query("exported", export_id=export_id)
    lines = trial.cell.run(Stored(tuple(file["object_key"] for file in files))).answer
    counts = {file["kind"]: len(found or ()) for file, found in zip(files, lines, strict=True)}
    hashes = [(file["number"], file["kind"], file["sha256"]) for file in files]
    return {"counts": counts, "files": hashes}


def _write_old(trial: Trial) -> None:
    """Events of long ago, as the bank had confirmed them then."""
    trial.is_judged = False
    trial.cell.query("write_old_events", consumer_id=trial.tenant.consumer_id)


def _is_archived(trial: Trial, before_it: Mapping[str, int]) -> None:
    whose = {"consumer_id": trial.tenant.consumer_id}

    def is_done() -> bool:
        trial.cell.run(ARCHIVE, ARCHIVES)
        return not trial.events()

    until("every event is archived", is_done)
    files = trial.cell.query("archived_files", **whose)
    found = trial.cell.run(Stored(tuple(file["object_key"] for file in files))).answer
    in_files = Counter(line["event_id"] for lines in found for line in lines)
    (rows,) = trial.cell.query("archived_rows", **whose)
    trial.expect(set(in_files) == set(rows["event_ids"]), "files and rows have other events")
    most = max(in_files.values(), default=0)
    trial.expect(len(in_files) == OLD_EVENTS and most == 1, f"files have {dict(in_files)}")
    sums = _sums(trial)
    trial.expect(sums == before_it, f"the ledger says {sums} instead of {before_it}")


def _sums(trial: Trial) -> dict[str, int]:
    told = _reconciled(trial)
    return {name: told[name] for name in ("committed", "published", "delivered")}


def _is_balanced(trial: Trial) -> None:
    told = _reconciled(trial)
    trial.expect(told["balanced"], f"reconcile is not balanced: {told}")


def _reconciled(trial: Trial) -> dict[str, Any]:
    told = trial.send(trial.admin("GET", "/events/reconcile", {}), 200).data["tenants"]
    return next(each for each in told if each["consumer_id"] == trial.tenant.consumer_id)


def _is_offboarded(trial: Trial) -> bool:
    trial.cell.run(ScheduledRun("offboard"))
    whose = {"consumer_id": trial.tenant.consumer_id}
    read = trial.admin("GET", "/consumer/offboard", whose)
    return bool(trial.send(read, 200).data["status"] == "done")


def _of_erasing() -> dict[str, Boundary]:
    begun = Statement(ERASING, "begin")
    return {
        "before its first commit": before(COMMIT, 1, begun),
        "after its first commit": after(COMMIT, 1, begun),
        "after a batch": after(Statement(ERASING, "erase_events")),
        "after the last batch, before its end": before(Statement(ERASING, "finish")),
        "after its end, before the answer": after(Statement(ERASING, "finish")),
    }


def _of_export() -> dict[str, Boundary]:
    advance = Statement(EXPORT, "advance")
    return {
        "after the lease": after(Statement(EXPORT, "take")),
        "a file named, before it is written": after(Statement(EXPORT, "announce")),
        "a file written, before the step": after(STORED),
        "after the first file": after(advance),
        "after the third step": after(advance, 3),
        "before the manifest": before(Statement(EXPORT, "borrow_archives")),
        "the manifest written, before the end": before(Statement(EXPORT, "finish")),
        "after the end": after(Statement(EXPORT, "finish")),
    }


def _of_archive() -> dict[str, Boundary]:
    compared, move = Statement(ARCHIVING, "compared"), Statement(ARCHIVING, "move")
    return {
        "a file named, before it is written": after(Statement(ARCHIVING, "name_file")),
        "a file written, before its manifest": after(ARCHIVED),
        "after the manifest, before the comparison is noted": before(compared),
        "after the comparison is noted": after(compared),
        "before the rows are taken away": before(move),
        "after the rows are taken away": after(move),
        "between two files": before(Statement(ARCHIVING, "name_file"), 2),
    }


def _of_offboarding() -> dict[str, Boundary]:
    steps = {name: Statement(ENDING, name) for name in ("due", "pause", "count_erased")}
    export, archive = Statement(ENDING, "export_removed"), Statement(ENDING, "archive_erased")
    return {
        "after it is due": after(steps["due"]),
        "after the pause": after(steps["pause"]),
        "after a customer's first commit": after(COMMIT, 1, Statement(ERASING, "begin")),
        "between two customers": after(steps["count_erased"]),
        "files of an export deleted, before their note": before(export),
        "after the exports": after(export),
        "files of an archive deleted, before their note": before(archive),
        "after the archives": after(archive),
        "before the queues": before(DELETE_QUEUES),
        "after the queues, before the webhook": before(NO_WEBHOOK),
        "before its end": before(Statement(ENDING, "finish")),
        "after its end": after(Statement(ENDING, "finish")),
    }


POINTS = (
    *(KillPoint(f"erasing: {name}", at, erasing) for name, at in _of_erasing().items()),
    *(KillPoint(f"export: {name}", at, exporting) for name, at in _of_export().items()),
    *(KillPoint(f"archive: {name}", at, archiving) for name, at in _of_archive().items()),
    KillPoint("archive: while rows are taken away", None, archiving_amidst),
    *(KillPoint(f"offboarding: {name}", at, offboarding) for name, at in _of_offboarding().items()),
)
