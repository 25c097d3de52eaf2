"""Ends offboardings whose time is over: erases the customers, deletes files, queues and the webhook.

Every step may be repeated, so a run that was killed anywhere is made good by the next one. A customer is
erased as `POST /customer/erase` does it (`chalicelib.banking.customer.erasing`): ids, types, times,
sequence and states stay, and so does the ledger. What nobody has published yet stays in the outbox for
good: the bank is paused and its jobs are ended before its queues go, so that nobody declares them again
(`has_left` in schema.sql). A file that somebody may just be writing is waited for, so that none is left
behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.banking.archive.archiving import delete_file
from chalicelib.banking.customer import erasing
from chalicelib.banking.leaving.exports import export_manifest_key
from chalicelib.banking.webhooks import choosing
from fintegrate.database import Database, Row
from fintegrate.messaging.broker import BrokerUnavailable
from fintegrate.queries import queries_beside
from fintegrate.storage.store import Store, StoreAway

SQL = queries_beside(__name__)
OF_BANK = ("customers", "deleted_customers", "archived_customers")
"""What finds a bank's customers, one after the other."""
AT_ONCE = 1_000
"""The customers, and the files, that are looked up at once."""
TIME = "the next run"
STORE = "the object store does not answer"
NO_STORE = "files in an object store that the settings do not name any more"
BROKER = "the broker does not answer"
WRITER = "a worker that may still write a file of it"
WRITING_SECONDS = 120.0
"""More than a run of the archive needs from naming a file until it has written it."""
SOURCE = "schedule: offboard"


@dataclass
class Ended:
    """The counts of a run."""

    banks: int = 0
    customers: int = 0
    done: int = 0


class Ending:
    """Works on every offboarding that is due; `database` must be in no transaction.

    `delete_queues` takes a bank's name and raises `BrokerUnavailable`. `store` is None if there is none.
    """

    def __init__(
        self, database: Database, store: Store | None, delete_queues: Callable[[str], None]
    ) -> None:
        self._db = database
        self._store = store
        self._delete_queues = delete_queues
        self._ended = Ended()

    def run(self, seconds: float, now: datetime | None = None) -> Ended:
        """Work for at most `seconds` and one customer. `now` is compared with `due_at`."""
        deadline = time.monotonic() + seconds
        due = {"now": now or datetime.now(UTC)}
        for bank in self._db.fetch_all(SQL["due"], due, revive=True):
            self._ended.banks += 1
            waits_for = self._end(bank, deadline)
            if waits_for is None:
                self._ended.done += self._db.execute(SQL["finish"], bank)
            else:
                self._db.execute(SQL["wait"], {**bank, "waits_for": waits_for})
        return self._ended

    def _end(self, bank: Row, deadline: float) -> str | None:
        """Take the steps; returns what it waits for, if it does not come to the end."""
        for step in ("pause", "end_rewinds", "cancel_replays"):
            self._db.execute(SQL[step], bank)
        if not self._erase_customers(bank, deadline):
            return TIME
        try:
            waits_for = self._delete_files(bank)
            if waits_for is not None:
                return waits_for
            self._delete_queues(bank["consumer_name"])
            self._db.execute(choosing.SQL["end"], bank)
        except StoreAway:
            return STORE
        except BrokerUnavailable:
            return BROKER
        return None

    def _erase_customers(self, bank: Row, deadline: float) -> bool:
        """Those that are there, then those that were deleted; False if the time was up."""
        return all(self._erase_found(bank, name, deadline) for name in OF_BANK)

    def _erase_found(self, bank: Row, name: str, deadline: float) -> bool:
        wanted = {"consumer_id": bank["consumer_id"], "limit": AT_ONCE}
        place: Row = {"after_at": None, "after_id": None}
        while rows := self._db.fetch_all(SQL[name], {**wanted, **place}):
            for row in (row for row in rows if row["erased_at"] is None):
                if not self._erase(bank, row["customer_id"], deadline):
                    return False
                self._ended.customers += 1
                self._db.execute(SQL["count_erased"], bank)
            place = {"after_at": rows[-1]["at"], "after_id": rows[-1]["id"]}
        return True

    def _erase(self, bank: Row, customer_id: str, deadline: float) -> bool:
        """Erase a customer; False if the time was up before its end."""
        if time.monotonic() >= deadline:
            return False
        of_customer = {"customer_id": customer_id, "consumer_id": bank["consumer_id"]}
        asked = {
            **of_customer,
            **{name: bank[name] for name in ("consumer_name", "key_id", "request_id")},
            "actor": bank["actor"] or None,
            "reason": f"offboarding {bank['offboarding_id']}",
            "source_service": SOURCE,
            "traceparent": None,
        }
        with self._db.transaction():
            self._db.fetch_one(erasing.SQL["lock_customer"], of_customer)
            self._db.fetch_one(erasing.SQL["hold_bank"], of_customer)
            self._db.execute(erasing.SQL["begin"], asked)
            self._db.fetch_one(erasing.SQL["delete_customer"], asked)
        erasing.go_on(self._db, of_customer, deadline)
        queues = {**of_customer, "queue_seconds": 0}
        return self._db.fetch_all(erasing.SQL["read"], queues)[0]["finished_at"] is not None

    def _delete_files(self, bank: Row) -> str | None:
        """Delete the bank's exports and archives; returns what that waits for, if it does."""
        of_bank = {"consumer_id": bank["consumer_id"], "limit": AT_ONCE}
        self._db.execute(SQL["give_up_archives"], of_bank)
        writing = {**of_bank, "seconds": WRITING_SECONDS}
        if self._db.fetch_all(SQL["writers"], writing)[0]["are_left"]:
            return WRITER
        exports = self._db.fetch_all(SQL["exports"], of_bank)
        archives = self._db.fetch_all(SQL["archives"], of_bank)
        if self._store is None:
            return NO_STORE if exports or archives else None
        for export in exports:
            for key in (export_manifest_key(export["export_id"]), *export["object_keys"]):
                self._store.delete(key)
            self._db.execute(SQL["export_removed"], export)
        while archives:
            for archive in archives:
                delete_file(self._store, archive)
                self._db.execute(SQL["archive_erased"], {**of_bank, **archive})
            archives = self._db.fetch_all(SQL["archives"], of_bank)
        return None
