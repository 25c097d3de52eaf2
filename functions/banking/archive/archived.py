"""Reads events that were moved into files. A file is compared with its hash before it is believed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from fintegrate.database import Database, Row
from fintegrate.errors import Conflict, Gone, Unavailable
from fintegrate.queries import queries_beside
from fintegrate.storage.json_lines import Differs, lines_of
from fintegrate.storage.store import Store

SQL = queries_beside(__name__)
MOST_FILES = 50
"""The files that a request reads."""
SPREAD = (
    "The customer's archived events are spread over too many files for an answer; POST /consumer/export "
    "gives all of them"
)
ERASED = "This event was archived, and its file was erased with its bank"
UNREADABLE = "The file with this archived event is not as it was written; ask the operator"
TIMES = (
    *("created_at", "published_at", "publish_last_tried_at", "publish_given_up_at"),
    *("sent_late_at", "delivered_at", "deliver_last_tried_at"),
)
OF_RECEIPT = ("received_at", "created_at", "updated_at")
FindStore = Callable[[], Store]
"""Gives the object store, or says that there is none."""


def find(db: Database, scope: dict[str, Any], store: FindStore) -> tuple[Row, Row] | None:
    """The line of an archived event and where it lies, or None; `scope` is of event and consumer.

    Raises:
        Conflict: this installation has no object store.
        Gone: the file was erased with its bank.
        Unavailable: the store does not answer, or the file is not as it was written.
    """
    place = db.fetch_one(SQL["find_event"], scope)
    if place is None:
        return None
    if place["erased_at"] is not None:
        raise Gone(ERASED)
    for line in _lines(store(), place):
        if line["event_id"] == place["event_id"]:
            return line, place
    raise Unavailable(UNREADABLE)


def of_customer(db: Database, wanted: dict[str, Any], store: FindStore) -> Iterator[Row]:
    """The archived events of a bank's customer, by sequence. Errors as `find`.

    Raises:
        Conflict: they are in too many files.
    """
    files = db.fetch_all(SQL["files_of_customer"], {**wanted, "limit": MOST_FILES + 1})
    if len(files) > MOST_FILES:
        raise Conflict(SPREAD)
    for file in files:
        for line in _lines(store(), file):
            if line["customer_id"] == wanted["customer_id"]:
                yield line


def _lines(store: Store, file: Row) -> Iterator[Row]:
    body = store.get(file["object_key"])
    if body is None:
        raise Unavailable(UNREADABLE)
    try:
        for line in lines_of(body, file["sha256"]):
            yield _with_times(json.loads(line))
    except Differs:
        raise Unavailable(UNREADABLE) from None


def _with_times(line: Row) -> Row:
    receipt = line["receipt"]
    return {
        **line,
        **{name: _time(line[name]) for name in TIMES},
        "receipt": receipt and {**receipt, **{n: _time(receipt[n]) for n in OF_RECEIPT}},
    }


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
