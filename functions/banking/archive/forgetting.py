"""Writes files of archived events again, without the persons who were erased since.

The new file is named, written, read back and compared as any other; then the owner's function
`replace_archive` lets it take the other's place, and the former file is deleted. A file says whom it
forgets, so who is erased while it is written has it written once more. What a run that was killed has
left behind, here or in `archiving`, is given up and deleted.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Sequence

from chalicelib.banking.archive.archiving import SQL as OF_ARCHIVING
from chalicelib.banking.archive.archiving import delete_file, named, store_file
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside
from fintegrate.storage.json_lines import Differs, Lines, lines_of
from fintegrate.storage.store import Store

SQL = queries_beside(__name__)
AT_ONCE = 20
ERASED = "erased"
LETTER = "dead-lettered: "

log = logging.getLogger(__name__)


def forget_erased(database: Database, store: Store, deadline: float) -> int:
    """Write files again until none is left or the time is up; returns how many.

    Raises:
        StoreAway: the store does not answer.
        Differs: a file is not as it was written, or not given back so. All others were seen to before.
    """
    rewritten, spoilt, tried = 0, list[str](), list[str]()
    for file in database.fetch_all(SQL["give_up"], {}, revive=True):
        delete_file(store, file)
    for file in _files(database, deadline, tried):
        tried.append(file["archive_id"])
        try:
            rewritten += _rewrite(database, store, file)
        except Differs:
            log.exception("archive %(archive_id)s", file)
            spoilt.append(file["archive_id"])
    database.execute(SQL["mark_forgotten"], {})
    _delete_left(database, store, deadline)
    if spoilt:
        raise Differs(f"{len(spoilt)} files tell of persons who are erased, such as {spoilt[0]}")
    return rewritten


def _files(database: Database, deadline: float, tried: Sequence[str]) -> Iterator[Row]:
    """The files to write again, each once it is its turn, until the time is up."""
    while files := database.fetch_all(SQL["files"], {"limit": AT_ONCE, "left_out": list(tried)}):
        for file in files:
            if time.monotonic() >= deadline:
                return
            yield file


def _rewrite(database: Database, store: Store, file: Row) -> bool:
    """Whether the file was written again; not, if another run has seen to it."""
    body = store.get(file["object_key"])
    if body is None:
        if not database.fetch_all(SQL["is_current"], file)[0]["is_current"]:
            return False
        raise Differs(f"{file['object_key']} is gone")
    forgotten, lines = set(file["forgotten"]), Lines()
    lines.add(_line(text, forgotten) for text in lines_of(body, file["sha256"]))
    made = lines.file()
    latter = named(database, file, file["day"], file["event_ids"], made)
    compared = {**latter, "compared_sha256": store_file(store, latter, made)}
    database.execute(OF_ARCHIVING["compared"], compared)
    places = {"former": file["archive_id"], "latter": latter["archive_id"]}
    wanted = {"consumer_id": file["consumer_id"], **places}
    replaced = bool(database.fetch_all(SQL["replace"], wanted)[0]["replaced"])
    if replaced:
        _delete(database, store, file)
    return replaced


def _delete_left(database: Database, store: Store, deadline: float) -> None:
    """Delete what was replaced or given up, by whomever, until nothing is left or the time is up."""
    while files := database.fetch_all(SQL["to_delete"], {"limit": AT_ONCE}):
        for file in files:
            if time.monotonic() >= deadline:
                return
            _delete(database, store, file)


def _delete(database: Database, store: Store, file: Row) -> None:
    delete_file(store, file)
    database.execute(SQL["erased"], file)


def _line(text: str, forgotten: set[str]) -> str:
    """The line, without the person if it is of an erased customer; as erase_events leaves an event."""
    line = json.loads(text)
    if line["customer_id"] not in forgotten:
        return text
    facts = line["payload"]
    line["payload"] = {
        "customer_id": facts.get("customer_id"),
        "name": ERASED,
        "status": facts.get("status"),
        "erased": True,
    }
    said = line["deliver_failure_reason"]
    if said is not None:
        line["deliver_failure_reason"] = LETTER + ERASED if said.startswith(LETTER) else ERASED
    if line["publish_failure_reason"] is not None:
        line["publish_failure_reason"] = ERASED
    receipt = line["receipt"]
    if receipt is not None and receipt["processing_failure_reason"] is not None:
        receipt["processing_failure_reason"] = ERASED
    return json.dumps(line, ensure_ascii=False)
