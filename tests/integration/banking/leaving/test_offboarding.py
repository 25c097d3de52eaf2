"""A bank leaves: what stops at once, what can be taken back, what is erased by the clock."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import psycopg2
import pytest

from chalicelib.banking import wiring
from chalicelib.banking.archive.archiving import Archiving
from chalicelib.banking.broker import observations
from chalicelib.banking.events import dead_letters, rewind_worker
from chalicelib.banking.events.topology import queue_name, queues
from chalicelib.banking.leaving.ending import BROKER, STORE, Ended, Ending
from chalicelib.banking.leaving.offboarding import LEFT, unless_left
from chalicelib.banking.wiring import Parts
from fintegrate.database import Database
from fintegrate.messaging.broker import BrokerUnavailable
from fintegrate.messaging.publisher import parameters_of
from fintegrate.messaging.topology import delete
from fintegrate.storage.store import Store, StoreAway
from tests.integration.banking.leaving.test_archive import WRITE
from tests.integration.banking.leaving.test_export import Killed, begun, done
from tests.support.api import Api
from tests.support.banking import Bank, together
from tests.support.broker import channel
from tests.support.fixtures import Query
from tests.support.plans import rows_read
from tests.support.schedules import run_schedule
from tests.support.waiting import eventually

OFFBOARD = "/consumer/offboard"
Live = Callable[..., list[str]]
End = Callable[..., Ended]
LATER = timedelta(days=31)
TOLD = """
SELECT (SELECT count(*) FROM customers WHERE consumer_id = %(id)s) AS customers,
       (SELECT count(*) FROM customer_tags t WHERE EXISTS (
            SELECT FROM customers c WHERE c.customer_id = t.customer_id
                                      AND c.consumer_id = %(id)s)) AS tags,
       (SELECT count(*) FROM customer_analytics
        WHERE consumer_id = %(id)s AND tags_json <> '{}') AS snapshots,
       (SELECT count(*) FROM customer_events
        WHERE consumer_id = %(id)s AND payload_json::text LIKE '%%Customer%%') AS events,
       (SELECT count(*) FROM archives WHERE consumer_id = %(id)s AND erased_at IS NULL) AS archives,
       (SELECT count(*) FROM exports WHERE consumer_id = %(id)s AND status <> 'removed') AS exports
"""

DELETED = """
WITH archived AS (
    INSERT INTO archived_events (event_id, archive_id, consumer_id, customer_id, sequence, event_type,
                                 created_at, publish_status, deliver_status, dead_letter)
    SELECT gen_random_uuid(), gen_random_uuid(), %(id)s, gen_random_uuid(), 2, 'customer_deletion',
           now() - interval '400 days', 'published', 'delivered', false
    FROM generate_series(1, %(many)s)
    RETURNING customer_id
)
INSERT INTO erasures (customer_id, consumer_id, reason, key_id, request_id, finished_at, event_count)
SELECT customer_id, %(id)s, 'ticket 1', gen_random_uuid(), 'then', now(), 2
FROM archived
WHERE %(erased)s
"""

BLOCKED = """
SELECT FROM pg_stat_activity
WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0
"""
LOCK_AND_LEAVE = """
SELECT FROM consumers WHERE consumer_id = %(consumer_id)s FOR UPDATE;
INSERT INTO offboardings (offboarding_id, consumer_id, was_active, reason, key_id, request_id, due_at)
VALUES (gen_random_uuid(), %(consumer_id)s, false, 'it leaves', gen_random_uuid(), 'r', now())
"""


@pytest.fixture
def end(store: Store, rabbitmq_url: str) -> End:
    """Runs the end of offboardings as a month later."""

    def run(now: timedelta = LATER, seconds: float = 60) -> Ended:
        deleted = lambda name: delete(rabbitmq_url, queues([name]))  # noqa: E731
        database = wiring.parts().sweep_database
        return Ending(database, store, deleted).run(seconds, datetime.now(UTC) + now)

    return run


def leave(admin: Api, bank: Bank, **fields: object) -> dict[str, Any]:
    reply = admin.post(
        OFFBOARD, consumer_id=bank.consumer_id, **{"reason": "the contract ends", **fields}
    )
    assert reply.status == 201, reply
    return reply.data


def shown(admin: Api, bank: Bank) -> dict[str, Any]:
    reply = admin.get(OFFBOARD, consumer_id=bank.consumer_id)
    assert reply.status == 200, reply
    return reply.data


def left(query: Query, bank: Bank) -> dict[str, object]:
    (row,) = query(TOLD, id=bank.consumer_id)
    return row


def is_balanced(admin: Api, bank: Bank) -> bool:
    tenants = admin.get("/events/reconcile").data["tenants"]
    return bool(next(t for t in tenants if t["consumer_id"] == bank.consumer_id)["balanced"])


def has_queue(rabbitmq_url: str, bank: Bank) -> bool:
    with channel(rabbitmq_url) as opened:
        try:
            opened.queue_declare(queue_name(bank.name), passive=True)
        except Exception:
            return False
    return True


def test_bank_stops_at_once(admin: Api, bank: Bank) -> None:
    access = admin.post("/consumer/broker-access", consumer_id=bank.consumer_id)
    assert access.status == 201

    row = leave(admin, bank)

    assert row["status"] == "waiting"
    assert bank.api.get("/customer/list").status == 403
    assert shown(admin, bank)["broker_access"] == "revocation pending"
    due = datetime.fromisoformat(row["due_at"]) - datetime.fromisoformat(row["created_at"])
    assert due.days in (29, 30)


def test_dry_run_changes_nothing(admin: Api, bank: Bank, lived_in: Live) -> None:
    lived_in(2)

    told = leave(admin, bank, dry_run=True)

    assert (told["customers"], told["matched"]) == (2, 2)
    assert any("POST /consumer/export" in warning for warning in told["warnings"])
    assert admin.get(OFFBOARD, consumer_id=bank.consumer_id).status == 404
    assert bank.api.get("/customer/list").status == 200


def test_reason_is_required(admin: Api, bank: Bank) -> None:
    assert admin.post(OFFBOARD, consumer_id=bank.consumer_id).status == 422


def test_bank_that_stays_is_as_before(
    admin: Api, bank: Bank, lived_in: Live, query: Query, end: End
) -> None:
    lived_in(1)
    before = left(query, bank)
    leave(admin, bank)
    taken = admin.delete(OFFBOARD, consumer_id=bank.consumer_id)
    assert (taken.status, taken.data["status"]) == (200, "taken_back")

    assert end().banks == 0

    assert left(query, bank) == before
    assert bank.api.get("/customer/list").status == 200
    assert admin.delete(OFFBOARD, consumer_id=bank.consumer_id).status == 409
    leave(admin, bank)  # it may leave later


def test_nothing_ends_before_its_time(
    admin: Api, bank: Bank, lived_in: Live, query: Query, end: End
) -> None:
    lived_in(1)
    before = left(query, bank)
    leave(admin, bank)

    assert end(timedelta(days=29)).banks == 0
    assert run_schedule("offboard") == {"banks": 0, "customers": 0, "done": 0, "erasures": 0}

    assert left(query, bank) == before


def test_end_forgets_how_to_call(admin: Api, bank: Bank, query: Query, end: End) -> None:
    query(
        "INSERT INTO webhooks (consumer_id, url, max_in_flight, timeout_seconds, secret_seeds)"
        " VALUES (%(id)s, 'https://bank.example/events', 10, 10, '{k1.seed}')",
        id=bank.consumer_id,
    )
    leave(admin, bank)
    assert len(query("SELECT FROM webhooks")) == 1

    end()

    assert query("SELECT FROM webhooks") == []


def test_end_erases_everything(
    admin: Api, bank: Bank, lived_in: Live, query: Query, end: End, rabbitmq_url: str, store: Store
) -> None:
    gone, *_ = lived_in(3)
    assert bank.api.delete("/customer/data", customer_id=gone).status == 200
    query(WRITE, id=bank.consumer_id, customers=1)
    Archiving(wiring.parts().sweep_database, store, after_days=365).run(30)
    begun(bank.api)
    done(bank.api)
    archived = query(
        "SELECT event_id, object_key FROM archived_events JOIN archives USING (archive_id)"
        " WHERE archives.consumer_id = %(id)s",
        id=bank.consumer_id,
    )
    assert archived
    assert has_queue(rabbitmq_url, bank)
    leave(admin, bank)

    assert end().done == 1

    assert set(left(query, bank).values()) == {0}
    row = shown(admin, bank)
    assert (row["status"], row["erased_count"]) == ("done", 4)
    assert not has_queue(rabbitmq_url, bank)
    assert is_balanced(admin, bank)
    assert all(store.get(str(file["object_key"])) is None for file in archived)
    assert admin.get("/events/data", event_id=archived[0]["event_id"]).status == 410
    assert admin.delete(OFFBOARD, consumer_id=bank.consumer_id).status == 409
    assert end().banks == 0


def test_end_erases_whose_deletion_is_archived(
    admin: Api, bank: Bank, query: Query, end: End, store: Store
) -> None:
    """Customers who were deleted long ago are found by the archive alone."""
    query(WRITE, id=bank.consumer_id, customers=3)
    query("DELETE FROM customers WHERE consumer_id = %(id)s", id=bank.consumer_id)
    query("ALTER TABLE customer_events DISABLE TRIGGER USER")
    query("UPDATE customer_events SET event_type = 'customer_deletion' WHERE sequence = 2")
    query("ALTER TABLE customer_events ENABLE TRIGGER USER")
    Archiving(wiring.parts().sweep_database, store, after_days=365).run(30)
    leave(admin, bank)

    assert end().customers == 3

    erased = query(
        "SELECT customer_id FROM erasures WHERE consumer_id = %(id)s AND finished_at IS NOT NULL",
        id=bank.consumer_id,
    )
    gone = query(
        "SELECT DISTINCT customer_id FROM archived_events WHERE consumer_id = %(id)s",
        id=bank.consumer_id,
    )
    key = "customer_id"
    assert sorted(str(row[key]) for row in erased) == sorted(str(row[key]) for row in gone)


def test_end_reads_no_customer_again_and_again(
    admin: Api,
    bank: Bank,
    make_bank: Callable[[], Bank],
    lived_in: Live,
    query: Query,
    end: End,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many are erased already, deleted or another bank's: a page reads its own customers."""
    monkeypatch.setattr("chalicelib.banking.leaving.ending.AT_ONCE", 2)
    query(DELETED, id=bank.consumer_id, erased=True, many=20)
    query(DELETED, id=bank.consumer_id, erased=False, many=2)
    query(DELETED, id=make_bank().consumer_id, erased=False, many=2_000)
    query("ANALYZE archived_events")
    query("ANALYZE erasures")
    lived_in(4)
    leave(admin, bank)

    with rows_read({"customers", "deleted_customers", "archived_customers"}) as read:
        assert end().customers == 6

    assert max(read.values()) <= 100, read


def test_sweeps_leave_a_gone_bank_alone(
    admin: Api, bank: Bank, lived_in: Live, end: End, rabbitmq_url: str
) -> None:
    """The erasure has written events. Nobody publishes them, so nobody declares the queue anew."""
    lived_in(1)
    leave(admin, bank)
    end()

    run_schedule("resend")
    run_schedule("redeliver")

    assert not has_queue(rabbitmq_url, bank)
    assert is_balanced(admin, bank)


def test_lost_queues_of_a_gone_bank_stay_lost(
    admin: Api, bank: Bank, query: Query, end: End, rabbitmq_url: str
) -> None:
    leave(admin, bank)
    end()
    query(
        "INSERT INTO queue_observations (consumer_id, present, observed_at)"
        " VALUES (%(id)s, false, clock_timestamp())"
        " ON CONFLICT (consumer_id) DO UPDATE SET present = false",
        id=bank.consumer_id,
    )

    run_schedule("redeliver")
    run_schedule("sweep_dead_letters")

    assert not has_queue(rabbitmq_url, bank)


def test_sweep_that_looked_before_declares_nothing(
    admin: Api, bank: Bank, end: End, rabbitmq_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It read the banks, and comes to this one when it has left."""
    leave(admin, bank)
    sweep = dead_letters._sweep_batch

    def ended(db: Database, opened: Any, consumer: Any, *more: Any) -> bool:
        if consumer["name"] == bank.name:
            end()
        return sweep(db, opened, consumer, *more)

    monkeypatch.setattr(dead_letters, "_sweep_batch", ended)
    run_schedule("sweep_dead_letters")

    assert shown(admin, bank)["status"] == "done"
    assert not has_queue(rabbitmq_url, bank)


def test_absent_queue_of_a_gone_bank_stays_away(
    admin: Api,
    bank: Bank,
    query: Query,
    end: End,
    rabbitmq_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its queue was taken for lost just before the bank's end."""
    leave(admin, bank)
    query(
        "INSERT INTO queue_observations (consumer_id, present, observed_at)"
        " VALUES (%(id)s, false, clock_timestamp())"
        " ON CONFLICT (consumer_id) DO UPDATE SET present = false",
        id=bank.consumer_id,
    )
    take_absent = observations.take_absent

    def ended(db: Database) -> Any:
        taken = take_absent(db)
        end()
        return taken

    monkeypatch.setattr(observations, "take_absent", ended)
    run_schedule("sweep_dead_letters")

    assert shown(admin, bank)["status"] == "done"
    assert not has_queue(rabbitmq_url, bank)


def test_end_waits_for_a_declaration(
    admin: Api, bank: Bank, query: Query, end: End, parts: Parts, rabbitmq_url: str
) -> None:
    """So it deletes what was declared."""
    leave(admin, bank)
    holds = Event()

    def declare() -> None:
        holds.set()
        eventually(lambda: query(BLOCKED) or None)
        parts.declare_queues([{"consumer_name": bank.name}])

    def declared() -> bool:
        return unless_left(parts.sweep_database, bank.consumer_id, declare)

    def ended() -> bool:
        return holds.wait(30) and end().done == 1

    assert together([declared, ended]) == [True, True]
    assert not has_queue(rabbitmq_url, bank)


def test_gone_bank_gets_nothing_anew(
    admin: Api, bank: Bank, lived_in: Live, query: Query, end: End, rabbitmq_url: str
) -> None:
    lived_in(1)
    leave(admin, bank)
    end()
    whose, url = {"consumer_id": bank.consumer_id}, "https://93.184.216.34/events"

    refused = [
        admin.post("/events/rewind", **whose, reason="again", include_processed=True),
        admin.post("/events/rewind", **whose, reason="again", dry_run=True),
        admin.post("/consumer/delivery", **whose, delivery="webhook", url=url),
        admin.post("/consumer/delivery", **whose, delivery="queue"),
        admin.post("/replay/data", **whose, mode="all", per_second=10, reason="again"),
    ]

    assert [(reply.status, reply.description) for reply in refused] == [(409, LEFT)] * 5
    assert query("SELECT FROM webhooks") == []
    assert len(query("SELECT FROM publishing_pauses")) == 1


def test_jobs_end_with_their_bank(
    admin: Api, bank: Bank, query: Query, end: End, rabbitmq_url: str
) -> None:
    customer_id = bank.create_customer()
    whose = {"consumer_id": bank.consumer_id, "reason": "it was away"}
    assert admin.post("/replay/data", **whose, mode="all", per_second=1).status == 201
    assert admin.post("/events/rewind", **whose).status == 202
    leave(admin, bank)

    assert end().done == 1

    assert query("SELECT status FROM replay_jobs") == [{"status": "done"}]
    assert query("SELECT status FROM replays") == [{"status": "cancelled"}]
    run_schedule("rewind")
    run_schedule("replay")
    assert not has_queue(rabbitmq_url, bank)
    assert customer_id in str(query("SELECT customer_id FROM erasures"))


def test_queues_wait_for_a_working_rewind(
    admin: Api, bank: Bank, query: Query, rabbitmq_url: str
) -> None:
    """A worker that has begun may still make the queue anew: nothing is deleted before it is through."""
    leave(admin, bank)
    query("UPDATE offboardings SET due_at = now()")

    with closing(rewind_worker.alone(parameters_of(rabbitmq_url), bank.name)):
        assert run_schedule("offboard")["done"] == 0
        assert shown(admin, bank)["waits_for"] == BROKER

    assert run_schedule("offboard")["done"] == 1
    assert not has_queue(rabbitmq_url, bank)


@pytest.mark.parametrize("step", range(1, 8, 2))
def test_killed_end_is_made_good(
    admin: Api,
    bank: Bank,
    lived_in: Live,
    query: Query,
    end: End,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
) -> None:
    lived_in(2)
    leave(admin, bank)
    steps, run = iter(range(step)), Database.execute

    def dying(self: Database, sql: str, *args: Any) -> int:
        result = run(self, sql, *args)
        if next(steps, None) is None:
            raise Killed
        return result

    with monkeypatch.context() as patch:
        patch.setattr(Database, "execute", dying)
        with pytest.raises(Killed):
            end()

    end()
    assert shown(admin, bank)["status"] == "done"
    assert set(left(query, bank).values()) == {0}
    assert is_balanced(admin, bank)


def test_servers_that_are_away_are_awaited(
    admin: Api, bank: Bank, lived_in: Live, end: End, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    lived_in(1)
    begun(bank.api)
    done(bank.api)
    leave(admin, bank)

    def away(*_args: object) -> None:
        raise StoreAway

    def refused(_name: str) -> None:
        raise BrokerUnavailable("it is away")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "delete", away)
        assert end().done == 0
    assert shown(admin, bank)["waits_for"] == STORE
    later = datetime.now(UTC) + LATER
    assert Ending(wiring.parts().sweep_database, store, refused).run(60, later).done == 0
    assert shown(admin, bank)["waits_for"] == BROKER
    assert end().done == 1


def test_leaving_bank_is_not_activated(admin: Api, bank: Bank) -> None:
    leave(admin, bank)

    refused = admin.post("/consumer/change-status", consumer_id=bank.consumer_id, status="active")

    assert refused.status == 409
    assert admin.post(OFFBOARD, consumer_id=bank.consumer_id, reason="again").status == 409


def test_activation_waits_for_an_offboarding(
    admin: Api, bank: Bank, query: Query, database_url: str
) -> None:
    """It looked before the offboarding committed, and must look again."""
    whose = {"consumer_id": bank.consumer_id}
    assert admin.post("/consumer/change-status", **whose, status="deactivated").status == 200
    leaving = psycopg2.connect(database_url)

    def commit_when_awaited() -> None:
        eventually(lambda: query(BLOCKED) or None)
        leaving.commit()

    with leaving.cursor() as cursor:
        cursor.execute(LOCK_AND_LEAVE, whose)
    activate = lambda: admin.post("/consumer/change-status", **whose, status="active")  # noqa: E731
    reply, _ = together([activate, commit_when_awaited])
    leaving.close()

    assert reply is not None
    assert reply.status == 409, reply
    assert query("SELECT status FROM consumers WHERE consumer_id = %(consumer_id)s", **whose) == [
        {"status": "deactivated"}
    ]


def test_active_bank_is_not_erased(
    admin: Api, bank: Bank, lived_in: Live, query: Query, end: End
) -> None:
    """However it came to be active: nothing ends it, and the console says that it is overdue."""
    lived_in(1)
    before = left(query, bank)
    leave(admin, bank)
    query("UPDATE consumers SET status = 'active' WHERE consumer_id = %(id)s", id=bank.consumer_id)
    query("UPDATE offboardings SET due_at = now() - interval '1 day'")

    assert end().banks == 0

    assert left(query, bank) == before
    told = admin.get("/overview").data["attention"]
    assert "offboarding does not end" in str(told)


def test_other_banks_stay(
    admin: Api, bank: Bank, make_bank: Callable[[], Bank], lived_in: Live, query: Query, end: End
) -> None:
    lived_in(1)
    other = make_bank()
    customer_id = other.create_customer("Stays")
    leave(admin, bank)

    end()

    assert other.api.get("/customer/data", customer_id=customer_id).data["name"] == "Stays"
    assert query("SELECT 1 FROM erasures WHERE customer_id = %(id)s", id=customer_id) == []


def test_bank_may_not_offboard(bank: Bank) -> None:
    refused = bank.api.post(OFFBOARD, consumer_id=bank.consumer_id, reason="we leave")

    assert refused.status == 403
