"""The database was lost and a backup restored: banks and platform agree, and no revoked key works."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extras import RealDictCursor

from chalicelib.banking.events import rewind_worker
from chalicelib.banking.events.message import compose
from chalicelib.banking.events.recovery import RecoveryDue
from chalicelib.banking.schedules.recover import run_recovery
from chalicelib.banking.wiring import Parts
from local.banking.consumer.inbox import Inbox
from local.banking.recovering import settle
from local.serving.server import Server, start_server
from tests.nights.test_days_away import read_all
from tests.support.api import Api
from tests.support.banking import Bank, parts_with
from tests.support.broker import channel
from tests.support.schedules import run_schedule
from tests.support.waiting import eventually

LOST_ROW = """
SELECT e.*, event_id::text, customer_id::text, c.name AS consumer_name, 1 AS epoch
FROM customer_events e JOIN consumers c USING (consumer_id)
WHERE e.customer_id = %s ORDER BY sequence DESC LIMIT 1
"""


class Backup:
    """A dump of this test's database, as PostgreSQL's own tools make and read it for the owner."""

    def __init__(self, url: str, file: Path) -> None:
        self._url, self._file = url, file
        subprocess.run(["pg_dump", "--format=custom", f"--file={file}", url], check=True)
        (self.time,) = self.rows("SELECT clock_timestamp() AS now")[0].values()

    def restore(self) -> None:
        """Put it in the place of what the database has become."""
        command = ["pg_restore", "--clean", "--if-exists", "-d", self._url, str(self._file)]
        subprocess.run(command, check=True)

    def rows(self, sql: str, *values: object) -> list[dict[str, object]]:
        with (
            closing(psycopg2.connect(self._url)) as connection,
            connection.cursor(cursor_factory=RealDictCursor) as cursor,
        ):
            cursor.execute(sql, values)
            return [dict(row) for row in cursor.fetchall()]


@pytest.fixture
def server(environment: dict[str, str]) -> Iterator[Server]:
    """The API by HTTP, which the reference consumer confirms to."""
    with start_server({**environment, "SCHEDULER": "off"}) as server:
        yield server


def change(bank: Bank, customer_id: str, status: str) -> None:
    reply = bank.api.patch("/customer/change-status", customer_id=customer_id, status=status)
    assert reply.status == 200, reply


def is_due(admin: Api) -> bool:
    ledger = admin.get("/events/reconcile").data
    assert ledger["balanced"] is not ledger["recovery"]["due"]
    return bool(ledger["recovery"]["due"])


def test_banks_end_in_the_platforms_state(
    admin: Api,
    bank: Bank,
    parts: Parts,
    server: Server,
    environment: dict[str, str],
    rabbitmq_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rewind_worker, "MARGIN_SECONDS", 0)
    store, leaked = tmp_path / "bank.sqlite3", bank
    changed, deleted, quiet = (bank.create_customer() for _ in range(3))
    change(bank, changed, "INACTIVE")
    read_all(bank, server, rabbitmq_url, store)
    run_schedule("watch_restore")
    backup = Backup(environment["DATABASE_OWNER_URL"], tmp_path / "backup")

    # Ten minutes of life that will be lost.
    issued = admin.post("/consumer/api-key", consumer_id=bank.consumer_id, rotate=True)
    bank = replace(bank, api=bank.api.with_key(issued.data["api_key"]))
    change(bank, changed, "ACTIVE")
    bank.api.delete("/customer/data", customer_id=deleted)
    known_to_bank = bank.create_customer("Known to the bank")
    read_all(bank, server, rabbitmq_url, store)
    change(bank, quiet, "INACTIVE")
    (in_queue,) = backup.rows(LOST_ROW, quiet)
    zombie = compose(backup.rows(LOST_ROW, changed)[0])
    run_schedule("watch_restore")

    parts.close()
    backup.restore()

    with pytest.raises(RecoveryDue):
        run_schedule("watch_restore")
    assert is_due(admin)
    assert leaked.api.get("/customer/list").status == 200  # the restore has revived it

    called = {"backup_time": str(backup.time), "reason": "the disk was lost"}
    found = run_recovery(called, settle)

    assert (found["epoch"], found["keys_ended"]) == (2, 1)
    lost_events = [e["event_id"] for e in found["lost"] if e["consumer"] == bank.name]
    assert lost_events == [in_queue["event_id"]]
    assert leaked.api.get("/customer/list").status == 401
    assert is_due(admin)
    assert run_recovery(called, settle)["epoch"] == 2

    issued = admin.post("/consumer/api-key", consumer_id=bank.consumer_id)
    bank = replace(bank, api=bank.api.with_key(issued.data["api_key"]))
    with parts_with(environment, PUBLISH_HANDOFF_SECONDS="1"):
        eventually(lambda: run_schedule("rewind")["jobs"] == 0)
    assert not is_due(admin)
    run_schedule("watch_restore")
    later = bank.create_customer("Later")
    with channel(rabbitmq_url) as ch:
        ch.basic_publish(zombie.exchange, zombie.routing_key, zombie.body, zombie.properties)
    read_all(bank, server, rabbitmq_url, store)

    with closing(sqlite3.connect(store)) as database:
        applied = dict(database.execute("SELECT customer_id, status FROM customers").fetchall())
    with Inbox(store) as inbox:
        lost = inbox.customers_before(2)
    rows = backup.rows("SELECT customer_id::text, status FROM customers")
    platforms = {row["customer_id"]: row["status"] for row in rows}
    assert lost == [known_to_bank]
    assert platforms == {changed: "INACTIVE", deleted: "ACTIVE", quiet: "ACTIVE", later: "ACTIVE"}
    assert {**platforms, known_to_bank: "ACTIVE"} == applied
    assert not is_due(admin)
