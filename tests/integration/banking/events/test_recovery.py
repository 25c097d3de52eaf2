"""What a recovery does, killed in between or not, and how a restored database is noticed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pika
import pytest

from chalicelib.banking.events import rewind_worker
from chalicelib.banking.events.recovery import Recovery, RecoveryDue
from chalicelib.banking.schedules import recover
from chalicelib.banking.tenants import ADMIN_ID
from chalicelib.banking.wiring import Parts
from fintegrate.messaging.looking import look_into
from fintegrate.outside_record import RecordUnavailable, record_at
from local.banking.recovering import settle
from tests.integration.banking.consumer.keys import works
from tests.support.api import Api
from tests.support.banking import Bank, forget_consumer, parts_with
from tests.support.broker import channel, drain, login_refusal
from tests.support.broker_admin import parameters_of
from tests.support.console import sign_in
from tests.support.fixtures import Query
from tests.support.keys import key_id
from tests.support.schedules import run_schedule
from tests.support.waiting import eventually

OPERATIONS = Path(__file__).resolve().parents[4] / "docs/banking/operations.md"


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def database_url(copy_database: Callable[[str], str]) -> str:
    """One of the test's own: Redis remembers the life of a database, which reuse would turn back."""
    return copy_database("DATABASE_URL")


@pytest.fixture
def backup_time(query: Query) -> str:
    """Now, on the database's clock."""
    (row,) = query("SELECT clock_timestamp() AS now")
    return str(row["now"])


def run_recovery(backup_time: str) -> dict[str, Any]:
    called = {"backup_time": backup_time, "reason": "the disk was lost"}
    return recover.run_recovery(called, settle)


def state(admin: Api) -> dict[str, Any]:
    ledger = admin.get("/events/reconcile").data
    assert ledger["balanced"] is not ledger["recovery"]["due"]
    return dict(ledger["recovery"])


@contextmanager
def record_away(environment: dict[str, str]) -> Iterator[Parts]:
    """Act as a process whose secret store does not answer."""
    nowhere = f"{environment['RECORD_SECRET_ID']}/away"
    with parts_with(environment, RECORD_SECRET_ID=nowhere) as parts:
        yield parts


def test_recovery_is_begun_once(admin: Api, backup_time: str, environment: dict[str, str]) -> None:
    found, again = run_recovery(backup_time), run_recovery(backup_time)
    assert (found["epoch"], again["epoch"], state(admin)["due"]) == (2, 2, True)
    other = str(datetime.now(UTC) - timedelta(seconds=1))
    assert run_recovery(other)["epoch"] == 3


def test_bank_that_left_is_not_rewound(
    make_bank: Callable[[], Bank],
    admin: Api,
    backup_time: str,
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its queue is gone. One that may stay after all is rewound like any other, and so is the admin."""
    banks = {status: make_bank() for status in ("waiting", "ending", "done")}
    for status, bank in banks.items():
        whose = {"consumer_id": bank.consumer_id}
        assert admin.post("/consumer/offboard", **whose, reason="it leaves").status == 201
        finished = "now()" if status == "done" else "NULL"
        query(f"UPDATE offboardings SET status = %(s)s, finished_at = {finished}"
              " WHERE consumer_id = %(consumer_id)s", s=status, **whose)  # fmt: skip
    # Each look counts as a delivery, and all tests share the admin's queue.
    monkeypatch.setattr(Recovery, "_read_queues", lambda _self, _epoch: {})

    run_recovery(backup_time)

    rewound = {row["consumer_id"] for row in query("SELECT consumer_id FROM replay_jobs")}
    assert rewound == {banks["waiting"].consumer_id, ADMIN_ID}


def test_no_epoch_comes_again(parts: Parts, backup_time: str, query: Query) -> None:
    """The record knows of a recovery that the backup is older than."""
    run_recovery(backup_time)
    query("UPDATE recovery SET epoch = 1, stage = 'none', backup_at = NULL, began_at = NULL")
    with pytest.raises(RecoveryDue, match="raised the epoch to 2"):
        run_schedule("watch_restore")
    assert run_recovery(backup_time)["epoch"] == 3


@pytest.mark.parametrize("steps", [0, 1])
def test_killed_recovery_goes_on(
    bank: Bank, admin: Api, backup_time: str, query: Query, steps: int
) -> None:
    """It dies when the banks' users are to be taken away, or to be given back."""
    called = {"backup_time": backup_time, "reason": "the disk was lost"}
    left = [settle] * steps

    def settle_or_die() -> None:
        if not left:
            raise Killed
        left.pop()()

    with pytest.raises(Killed):
        recover.run_recovery(called, settle_or_die)
    assert state(admin)["due"]
    assert query("SELECT count(*) AS jobs FROM replay_jobs") == [{"jobs": 2 * steps}]

    assert run_recovery(backup_time)["epoch"] == 2
    jobs = query("SELECT include_processed, status FROM replay_jobs")
    assert jobs == [{"include_processed": True, "status": "held"}] * 2  # the bank's, the admin's


def test_rewind_of_the_backup_is_replaced(bank: Bank, admin: Api, query: Query) -> None:
    bank.create_customer()
    admin.post("/events/rewind", consumer_id=bank.consumer_id, reason="before the backup")
    run_recovery(str(datetime.now(UTC)))
    rows = query(
        "SELECT status, include_processed FROM replay_jobs WHERE consumer_id = %(id)s"
        " ORDER BY created_at",
        id=bank.consumer_id,
    )
    assert rows == [
        {"status": "done", "include_processed": False},
        {"status": "held", "include_processed": True},
    ]


def test_revived_key_ends(bank: Bank, admin: Api, backup_time: str, query: Query) -> None:
    issued = admin.post("/consumer/api-key", consumer_id=bank.consumer_id, rotate=True)
    # What a restore leaves of it.
    query("DELETE FROM consumer_api_keys WHERE key_id = %(id)s", id=key_id(issued.data["api_key"]))
    query("UPDATE consumer_api_keys SET api_key_status = 'active', replaced_at = NULL")
    assert works(bank.api.key).status == 200

    assert run_recovery(backup_time)["keys_ended"] == 1

    assert works(bank.api.key).status == 401
    assert works(admin.key).status == 200


def test_revived_session_ends(bank: Bank, backup_time: str) -> None:
    visitor = sign_in(bank.api)

    assert run_recovery(backup_time)["sessions_ended"] == 1

    assert visitor.status == 401


def test_key_that_was_not_revoked_works(bank: Bank, backup_time: str) -> None:
    assert run_recovery(backup_time)["keys_ended"] == 0
    assert works(bank.api.key).status == 200


def test_consumer_stays_deactivated(bank: Bank, admin: Api, backup_time: str, query: Query) -> None:
    stop = {"consumer_id": bank.consumer_id, "status": "deactivated"}
    assert admin.post("/consumer/change-status", **stop).status == 200
    query("UPDATE consumers SET status = 'active', updated_at = created_at")

    assert run_recovery(backup_time)["consumers_deactivated"] == 1

    assert works(bank.api.key).status == 403


def test_rotated_broker_password_stays_dead(
    bank: Bank, admin: Api, query: Query, rabbitmq_url: str
) -> None:
    old = admin.post("/consumer/broker-access", consumer_id=bank.consumer_id).data
    kept = query("SELECT password_hash, made_at FROM broker_access")[0]
    (row,) = query("SELECT clock_timestamp() AS now")
    admin.post("/consumer/broker-access", consumer_id=bank.consumer_id, rotate=True)
    query(
        "UPDATE broker_access SET password_hash = %(password_hash)s, made_at = %(made_at)s", **kept
    )

    assert run_recovery(str(row["now"]))["accesses_ended"] == 1

    with pytest.raises(pika.exceptions.AMQPConnectionError):
        pika.BlockingConnection(parameters_of(old))


def test_readers_are_held_off(
    bank: Bank, admin: Api, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bank that reads keeps its messages from being listed.

    It comes again when its queue has been made anew: what was looked at lies there in another order if
    a reader gives it back.
    """
    monkeypatch.setattr(rewind_worker, "MARGIN_SECONDS", 0)
    made = admin.post("/consumer/broker-access", consumer_id=bank.consumer_id).data
    settle()
    before = pika.BlockingConnection(parameters_of(made))
    before.channel().basic_consume(str(made["queue"]), lambda *_: None)

    found = run_recovery(str(datetime.now(UTC)))

    assert bank.name not in found["queues_not_read"]
    with pytest.raises(pika.exceptions.AMQPError):
        before.process_data_events(time_limit=5)  # type: ignore[arg-type]
    settle()
    assert "ProbableAuthenticationError" in login_refusal(parameters_of(made))

    with parts_with(environment, PUBLISH_HANDOFF_SECONDS="1"):
        eventually(lambda: run_schedule("rewind")["jobs"] == 0)
    settle()
    pika.BlockingConnection(parameters_of(made)).close()


def test_bank_of_after_backup_begins_anew(
    bank: Bank,
    admin: Api,
    environment: dict[str, str],
    query: Query,
    rabbitmq_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its queue has customers that the restored database does not know. A rewind makes it anew."""
    monkeypatch.setattr(rewind_worker, "MARGIN_SECONDS", 0)
    bank.create_customer("Lost")
    backup_time = str(datetime.now(UTC) - timedelta(minutes=1))
    query("DELETE FROM consumer_api_keys WHERE consumer_id = %(id)s", id=bank.consumer_id)
    forget_consumer(query, bank.consumer_id)
    run_recovery(backup_time)

    again = admin.post("/consumer/data", consumer_name=bank.name).data
    rewound = {**again, "from": backup_time, "reason": "came after the backup"}
    assert admin.post("/events/rewind", **rewound).status == 202
    with parts_with(environment, PUBLISH_HANDOFF_SECONDS="1"):
        eventually(lambda: run_schedule("rewind")["jobs"] == 0)

    key = admin.post("/consumer/api-key", **again).data["api_key"]
    customer = admin.with_key(key).post("/customer/data", name="New").data["customer_id"]
    deliveries = drain(rabbitmq_url, bank.name)
    assert [delivery.body["data"]["customer_id"] for delivery in deliveries] == [customer]


def test_stubborn_reader_is_named(bank: Bank, backup_time: str, rabbitmq_url: str) -> None:
    """It reads with another user than the bank's own."""
    with channel(rabbitmq_url) as ch:
        ch.basic_consume(f"customer_notification_{bank.name}", lambda *_: None)
        assert bank.name in run_recovery(backup_time)["queues_not_read"]
    assert run_recovery(backup_time)["queues_not_read"] is None  # it read none this time


def test_strangers_message_is_passed_over(bank: Bank, backup_time: str, rabbitmq_url: str) -> None:
    with channel(rabbitmq_url) as ch:
        for headers in ({}, {"customer_id": bank.consumer_id, "sequence": "9" * 30}):
            properties = pika.BasicProperties(
                message_id=bank.consumer_id, type="customer_creation", headers=headers
            )
            ch.basic_publish("", f"customer_notification_{bank.name}", b"{}", properties)
    found = run_recovery(backup_time)
    assert bank.name not in [event["consumer"] for event in found["lost"]]
    assert bank.name not in found["queues_not_read"]


def test_look_changes_nothing(bank: Bank, rabbitmq_url: str) -> None:
    customer_id = bank.create_customer()
    for status in ("INACTIVE", "ACTIVE", "INACTIVE"):
        bank.api.patch("/customer/change-status", customer_id=customer_id, status=status)
    seen: list[pika.BasicProperties] = []

    queue = f"customer_notification_{bank.name}"
    look = look_into(pika.URLParameters(rabbitmq_url), queue, seen.append, 1)

    assert (look.seen, look.unseen, look.readers) == (4, 0, 0)
    assert [(each.headers or {})["sequence"] for each in seen] == [1, 2, 3, 4]
    assert [delivery.sequence for delivery in drain(rabbitmq_url, bank.name)] == [1, 2, 3, 4]


def test_look_into_no_queue_is_empty(rabbitmq_url: str) -> None:
    look = look_into(pika.URLParameters(rabbitmq_url), "nobodys", lambda _: None, 1)
    assert look == (0, 0, 0)


def test_revocation_needs_no_record(
    bank: Bank, admin: Api, environment: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """While the secret store is away, keys end all the same, and the schedule says what is missing."""
    record = record_at(environment["RECORD_SECRET_ID"])
    assert record is not None
    with record_away(environment):
        gone = {"api_key": key_id(bank.api.key)}
        assert admin.post("/consumer/deactivate-api-key", **gone).status == 200
        assert "not recorded outside the database yet" in caplog.text
        with pytest.raises(RecordUnavailable):
            run_schedule("watch_restore")
        with pytest.raises(RecordUnavailable):
            run_recovery(str(datetime.now(UTC)))
    before = record.read()

    run_schedule("watch_restore")

    assert len(record.read()["marks"]) == len(before.get("marks", {})) + 1
    assert Path(environment["RECORD_SECRET_ID"].removeprefix("file://")).stat().st_mode & 0o77 == 0


def test_record_forgets_nothing(bank: Bank, admin: Api, query: Query) -> None:
    """A restored database can only add to it."""
    admin.post("/consumer/api-key", consumer_id=bank.consumer_id, rotate=True)
    query(
        "UPDATE consumer_api_keys SET api_key_status = 'expired' WHERE api_key_status <> 'active'"
    )
    run_schedule("watch_restore")
    query(
        "UPDATE consumer_api_keys SET api_key_status = 'active', replaced_at = clock_timestamp()"
        " WHERE api_key_status = 'expired'"
    )
    assert run_recovery(str(datetime.now(UTC)))["keys_ended"] >= 1


@pytest.mark.parametrize("left", [None, "{}", "older"])
def test_lost_record_is_no_empty_one(
    bank: Bank, admin: Api, environment: dict[str, str], query: Query, left: str | None
) -> None:
    """Whoever takes it for one lets revoked keys live."""
    record = Path(environment["RECORD_SECRET_ID"].removeprefix("file://"))
    admin.post("/consumer/api-key", consumer_id=bank.consumer_id, rotate=True)
    before = record.read_text()
    admin.post("/consumer/api-key", consumer_id=bank.consumer_id, rotate=True)
    record.unlink()
    if left is not None:
        record.write_text(before if left == "older" else left)

    with pytest.raises(RecordUnavailable, match="lost or set back"):
        run_schedule("watch_restore")
    with pytest.raises(RecordUnavailable, match="lost or set back"):
        run_recovery(str(datetime.now(UTC)))
    assert query("SELECT epoch, stage FROM recovery") == [{"epoch": 1, "stage": "none"}]


def test_database_makes_the_record_anew(
    bank: Bank, admin: Api, environment: dict[str, str], backup_time: str, query: Query
) -> None:
    """One that was not restored knows what a lost record knew, the epoch too."""
    record = record_at(environment["RECORD_SECRET_ID"])
    assert record is not None
    run_recovery(backup_time)
    admin.post("/consumer/api-key", consumer_id=bank.consumer_id, rotate=True)
    before = record.read()
    record.write({})

    query("UPDATE recovery SET record_version = 0")
    run_schedule("watch_restore")

    assert record.read() == {**before, "version": 1}
    assert before["epoch"] == 2


def test_remedy_for_both_lost_works(
    bank: Bank, admin: Api, environment: dict[str, str], query: Query
) -> None:
    """As operations.md has it."""
    record = record_at(environment["RECORD_SECRET_ID"])
    assert record is not None
    run_recovery(str(datetime.now(UTC)))
    record.write({})
    (remedy,) = re.findall(r"```sql\n(.*?epoch \+.*?)```", OPERATIONS.read_text(), re.DOTALL)

    query(remedy)
    found = run_recovery(str(datetime.now(UTC)))

    assert found["epoch"] == 1003
    assert [works(key).status for key in (bank.api.key, admin.key)] == [401, 401]


def test_restored_database_is_noticed(admin: Api, query: Query) -> None:
    run_schedule("watch_restore")
    run_schedule("watch_restore")
    assert not state(admin)["due"]

    now = str(datetime.now(UTC))
    for epoch in (2, 3):  # another restore, even of the same backup, needs another recovery
        query("UPDATE recovery SET beats = beats - 1")
        with pytest.raises(RecoveryDue, match="forgotten"):
            run_schedule("watch_restore")
        assert state(admin)["due"]
        assert run_recovery(now)["epoch"] == epoch
        run_schedule("watch_restore")
        run_schedule("watch_restore")


def test_forgotten_revocation_is_noticed(bank: Bank, admin: Api, query: Query) -> None:
    """Redis may have been lost together with the database."""
    run_schedule("watch_restore")
    admin.post("/consumer/api-key", consumer_id=bank.consumer_id, rotate=True)
    run_schedule("watch_restore")
    # What a restore to the time before leaves; Redis has been emptied.
    query("DELETE FROM consumer_api_keys WHERE consumer_id = %(id)s", id=bank.consumer_id)
    query("UPDATE recovery SET record_version = 0, witness = gen_random_uuid()")

    for _ in range(2):
        with pytest.raises(RecoveryDue, match="forgotten a revocation"):
            run_schedule("watch_restore")

    assert state(admin)["due"]
    run_recovery(str(datetime.now(UTC)))
    run_schedule("watch_restore")
    admin.post("/consumer/api-key", consumer_id=bank.consumer_id)
    run_schedule("watch_restore")


@pytest.mark.parametrize("wrong", ["2026-11-26T10:00:00", "2100-01-01T00:00:00Z", "yesterday"])
def test_wrong_time_changes_nothing(admin: Api, wrong: str) -> None:
    with pytest.raises(ValueError, match=r"backup_time|Invalid isoformat"):
        run_recovery(wrong)
    assert state(admin)["epoch"] == 1


def test_record_is_small(admin: Api, environment: dict[str, str], query: Query) -> None:
    """With as many consumers as may be, each with every mark, it fits into one secret."""
    query(
        "WITH made AS (INSERT INTO consumers (name, status) SELECT 'bank_' || n, 'deactivated'"
        " FROM generate_series(1, 500) AS n RETURNING consumer_id),"
        " keys AS (INSERT INTO consumer_api_keys (consumer_id, api_key_hash, api_key_status,"
        " expires_at) SELECT consumer_id, 'x', 'deactivated', now() FROM made)"
        " INSERT INTO broker_access (consumer_id, username, password_hash)"
        " SELECT consumer_id, consumer_id::text, 'x' FROM made"
    )
    run_schedule("watch_restore")
    record = record_at(environment["RECORD_SECRET_ID"])
    assert record is not None
    assert len(json.dumps(record.read())) < 50_000
