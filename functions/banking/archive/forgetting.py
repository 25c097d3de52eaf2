"""Writes files of archived events again, without the persons who were erased since.

The new file is named, written, read back and compared as any other; then the owner's function
`replace_archive` lets it take the other's place, and the former file is deleted. A run that was killed
before that leaves a file that the next run of `archiving` gives up; after it, one that this deletes.
"""

from __future__ import annotations

import json
import time

from chalicelib.banking.archive.archiving import SQL as OF_ARCHIVING
from chalicelib.banking.archive.archiving import manifest_key, named, store_file
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside
from fintegrate.storage.json_lines import Differs, Lines, lines_of
from fintegrate.storage.store import Store

SQL = queries_beside(__name__)
AT_ONCE = 20
ERASED = "erased"
LETTER = "dead-lettered: "


def forget_erased(database: Database, store: Store, deadline: float) -> int:
    """Write files again until none is left or the time is up; returns how many.

    Raises:
        StoreAway: the store does not answer.
        Differs: a file is not as it was written, or not given back so.
    """
    rewritten = 0
    while files := database.fetch_all(SQL["files"], {"limit": AT_ONCE}, revive=True):
        for file in files:
            if time.monotonic() >= deadline:
                return rewritten
            rewritten += _rewrite(database, store, file)
    for file in database.fetch_all(SQL["replaced"], {"limit": AT_ONCE}):
        _delete(database, store, file)
    return rewritten


def _rewrite(database: Database, store: Store, file: Row) -> bool:
    body = store.get(file["object_key"])
    if body is None:
        raise Differs(f"{file['object_key']} is gone")
    erased, lines = set(file["erased"]), Lines()
    lines.add(_line(text, erased) for text in lines_of(body, file["sha256"]))
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


def _delete(database: Database, store: Store, file: Row) -> None:
    for key in (file["object_key"], manifest_key(file)):
        store.delete(key)
    database.execute(SQL["erased"], file)


def _line(text: str, erased: set[str]) -> str:
    """The line, without the person if it is of an erased customer; as erase_events leaves an event."""
    line = json.loads(text)
    if line["customer_id"] not in erased:
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
