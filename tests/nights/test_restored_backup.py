"""The database was lost and a backup restored: banks and platform agree, and no revoked key works."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import psycopg2
import pytest
from psycopg2.extras import RealDictCursor

from chalicelib.banking.events import rewind_worker
from chalicelib.banking.events.message import compose
from chalicelib.banking.events.recovery import RecoveryDue
from chalicelib.banking.schedules.recover import run_recovery
from chalicelib.banking.wiring import Parts
from fintegrate.messaging.message import Message
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
SELECT e.*, event_id::text, customer_id::text, c.name AS consumer_name, 1 AS epoch, c.message_format
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


class Program:
    """The bank's reference consumer, which confirms to a server and keeps its own copy in a store."""

    def __init__(self, server: Server, rabbitmq_url: str, store: Path) -> None:
        self._server, self._url, self._store = server, rabbitmq_url, store

    def read(self, bank: Bank) -> None:
        read_all(bank, self._server, self._url, self._store)

    def customers(self) -> dict[str, str]:
        """The status of each customer, as the bank has it."""
        with closing(sqlite3.connect(self._store)) as database:
            return dict(database.execute("SELECT customer_id, status FROM customers").fetchall())

    def unknown_since(self, epoch: int) -> list[str]:
        """The customers that the platform has not named in this epoch."""
        with Inbox(self._store) as inbox:
            return inbox.customers_before(epoch)


class Customers(NamedTuple):
    """What becomes of them in the time that is lost; `quiet` changes, and its bank does not read it."""

    changed: str
    deleted: str
    quiet: str


class Lost(NamedTuple):
    """What only others know: a customer of the bank's, an event in the queue, a publisher's message."""

    known_to_bank: str
    in_queue: str
    zombie: Message


@pytest.fixture
def program(environment: dict[str, str], rabbitmq_url: str, tmp_path: Path) -> Iterator[Program]:
    with start_server({**environment, "SCHEDULER": "off"}) as server:
        yield Program(server, rabbitmq_url, tmp_path / "bank.sqlite3")


def change(bank: Bank, customer_id: str, status: str) -> None:
    reply = bank.api.patch("/customer/change-status", customer_id=customer_id, status=status)
    assert reply.status == 200, reply


def is_due(admin: Api) -> bool:
    ledger = admin.get("/events/reconcile").data
    assert ledger["balanced"] is not ledger["recovery"]["due"]
    return bool(ledger["recovery"]["due"])


def with_new_key(admin: Api, bank: Bank, **fields: object) -> Bank:
    issued = admin.post("/consumer/api-key", consumer_id=bank.consumer_id, **fields)
    return replace(bank, api=bank.api.with_key(issued.data["api_key"]))


@pytest.mark.night_long
def test_banks_end_in_the_platforms_state(
    admin: Api,
    bank: Bank,
    parts: Parts,
    program: Program,
    environment: dict[str, str],
    rabbitmq_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rewind_worker, "MARGIN_SECONDS", 0)
    customers = live_until_backup(bank, program)
    backup = Backup(environment["DATABASE_OWNER_URL"], tmp_path / "backup")
    lost = live_on(with_new_key(admin, bank, rotate=True), customers, program, backup)
    parts.close()
    backup.restore()
    assert_noticed(admin, leaked=bank)

    assert_recovered(admin, leaked=bank, backup=backup, lost=lost)
    bank = with_new_key(admin, bank)
    let_banks_back(admin, environment)
    later = bank.create_customer("Later")
    publish(rabbitmq_url, lost.zombie)
    program.read(bank)

    rows = backup.rows("SELECT customer_id::text, status FROM customers")
    platforms = {str(row["customer_id"]): row["status"] for row in rows}
    assert platforms == {
        customers.changed: "INACTIVE",
        customers.deleted: "ACTIVE",
        customers.quiet: "ACTIVE",
        later: "ACTIVE",
    }
    assert program.unknown_since(2) == [lost.known_to_bank]
    assert program.customers() == {**platforms, lost.known_to_bank: "ACTIVE"}
    assert not is_due(admin)


def live_until_backup(bank: Bank, program: Program) -> Customers:
    customers = Customers(*(bank.create_customer() for _ in range(3)))
    change(bank, customers.changed, "INACTIVE")
    program.read(bank)
    run_schedule("watch_restore")
    return customers


def live_on(bank: Bank, customers: Customers, program: Program, backup: Backup) -> Lost:
    """Ten minutes of life that will be lost. The bank learns some of it."""
    change(bank, customers.changed, "ACTIVE")
    bank.api.delete("/customer/data", customer_id=customers.deleted)
    known_to_bank = bank.create_customer("Known to the bank")
    program.read(bank)
    change(bank, customers.quiet, "INACTIVE")
    (in_queue,) = backup.rows(LOST_ROW, customers.quiet)
    zombie = compose(backup.rows(LOST_ROW, customers.changed)[0])
    run_schedule("watch_restore")
    return Lost(known_to_bank, str(in_queue["event_id"]), zombie)


def assert_noticed(admin: Api, leaked: Bank) -> None:
    """The database says that it was restored. The restore has revived a key."""
    with pytest.raises(RecoveryDue):
        run_schedule("watch_restore")
    assert is_due(admin)
    assert leaked.api.get("/customer/list").status == 200


def assert_recovered(admin: Api, leaked: Bank, backup: Backup, lost: Lost) -> None:
    """The recovery ends the key and names what the queue has. To call it again changes nothing."""
    called = {"backup_time": str(backup.time), "reason": "the disk was lost"}
    found = run_recovery(called, settle)
    named = [event["event_id"] for event in found["lost"] if event["consumer"] == leaked.name]
    assert (found["epoch"], found["keys_ended"], named) == (2, 1, [lost.in_queue])
    assert leaked.api.get("/customer/list").status == 401
    assert is_due(admin)
    assert run_recovery(called, settle)["epoch"] == 2


def let_banks_back(admin: Api, environment: dict[str, str]) -> None:
    """The rewinds are carried out, and the recovery is over."""
    with parts_with(environment, PUBLISH_HANDOFF_SECONDS="1"):
        eventually(lambda: run_schedule("rewind")["jobs"] == 0)
    assert not is_due(admin)
    run_schedule("watch_restore")


def publish(rabbitmq_url: str, message: Message) -> None:
    """A process of before the restore is late."""
    with channel(rabbitmq_url) as ch:
        ch.basic_publish(message.exchange, message.routing_key, message.body, message.properties)
