"""A rewind: hold, empty, publish in order, go on; and what it survives."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pika
import pika.exceptions
import psycopg2
import pytest

from chalicelib.banking.events import rewind, rewind_worker
from chalicelib.banking.events.rewind_worker import RewindsStuck, RewindWorker, Worked
from chalicelib.banking.events.topology import queue_name
from chalicelib.banking.wiring import Parts
from fintegrate.messaging.broker import BrokerUnavailable
from fintegrate.messaging.exclusive import ExclusiveConnection
from fintegrate.messaging.publisher import parameters_of
from local.banking.recovering import settle as settle_access
from tests.support.api import Api, Reply
from tests.support.banking import Bank, parts_with
from tests.support.broker import channel, drain, take
from tests.support.broker_admin import parameters_of as parameters_of_access
from tests.support.fixtures import Query
from tests.support.outbox import assert_in_order, by_customer, statuses, write_pending
from tests.support.plans import rows_read
from tests.support.schedules import run_schedule
from tests.support.waiting import eventually

SECONDS = 20.0
WAITS = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0
"""
CHANGE = """
WITH customer AS (
    UPDATE customers
    SET status = 'ACTIVE', event_sequence = event_sequence + 1, updated_at = clock_timestamp()
    WHERE customer_id = %(customer_id)s
    RETURNING *
)
INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                             payload_json, metadata_json, created_at, publish_failure_reason)
SELECT consumer_id, customer_id, event_sequence, 'customer_status_change', 'test',
       jsonb_build_object('customer_id', customer_id, 'name', name, 'status', status),
       jsonb_build_object('created_at', updated_at, 'sequence', event_sequence,
                          'source_service', 'test'),
       updated_at, 'its request died'
FROM customer
"""


@pytest.fixture(autouse=True)
def quick_hand_off(
    environment: dict[str, str], parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Publishers are through after a second, where operation waits ten."""
    assert parts
    monkeypatch.setattr(rewind_worker, "MARGIN_SECONDS", 0)
    with parts_with(environment, PUBLISH_HANDOFF_SECONDS="1"):
        yield


def begin(admin: Api, bank: Bank, **fields: object) -> Reply:
    return admin.post("/events/rewind", consumer_id=bank.consumer_id, reason="test", **fields)


def progress(admin: Api, bank: Bank) -> dict[str, Any]:
    reply = admin.get("/events/rewind", consumer_id=bank.consumer_id)
    assert reply.status == 200, reply
    return reply.data


def work(admin: Api, bank: Bank) -> dict[str, Any]:
    """Run the schedule until the job is done; the job."""
    eventually(lambda: run_schedule("rewind") and progress(admin, bank)["status"] == "done")
    return progress(admin, bank)


def change(bank: Bank, customer_id: str, status: str) -> None:
    reply = bank.api.patch("/customer/change-status", customer_id=customer_id, status=status)
    assert reply.status == 200, reply


def lives(bank: Bank, count: int = 5) -> list[str]:
    """Customers with two events each."""
    customers = [bank.create_customer() for _ in range(count)]
    for customer_id in customers:
        change(bank, customer_id, "INACTIVE")
    return customers


def confirm_all(bank: Bank, deliveries: list[Any]) -> None:
    for delivery in deliveries:
        event_id = delivery.body["event_id"]
        assert (
            bank.api.post("/events/confirm-delivery", event_id=event_id, status="processed").status
            == 200
        )


def test_queue_is_emptied_and_filled(
    admin: Api, bank: Bank, query: Query, rabbitmq_url: str
) -> None:
    customers = lives(bank)
    take(rabbitmq_url, bank.name, 7)  # acknowledged by the bank, and lost there

    job = begin(admin, bank)
    assert job.status == 202, job
    assert job.data["event_count"] == 10
    done = work(admin, bank)

    assert done["sent_count"] == 10
    seen = by_customer(drain(rabbitmq_url, bank.name))
    assert seen == {customer_id: [1, 2] for customer_id in customers}
    assert statuses(query, bank.consumer_id) == {"published": 10}


def test_live_events_wait_and_follow(admin: Api, bank: Bank, rabbitmq_url: str) -> None:
    customers = lives(bank)
    begin(admin, bank)

    for customer_id in customers:
        change(bank, customer_id, "ACTIVE")
    run_schedule("resend")
    newcomer = bank.create_customer()
    change(bank, newcomer, "INACTIVE")
    work(admin, bank)
    change(bank, customers[0], "INACTIVE")
    run_schedule("resend")

    deliveries = drain(rabbitmq_url, bank.name)
    assert_in_order(deliveries)
    seen = by_customer(deliveries)
    assert {tuple(dict.fromkeys(numbers)) for numbers in seen.values()} == {
        (1, 2, 3, 4),
        (1, 2, 3),
        (1, 2),
    }


def test_hold_keeps_other_banks_going(
    admin: Api, bank: Bank, make_bank: Any, rabbitmq_url: str
) -> None:
    other = make_bank()
    lives(bank)
    begin(admin, bank)

    lives(other, 2)

    assert len(drain(rabbitmq_url, other.name)) == 4


def test_processed_events_stay_out(admin: Api, bank: Bank, query: Query, rabbitmq_url: str) -> None:
    lives(bank)
    deliveries = drain(rabbitmq_url, bank.name)
    confirm_all(bank, deliveries[:6])

    begin(admin, bank)
    work(admin, bank)

    again = {d.body["event_id"] for d in drain(rabbitmq_url, bank.name)}
    assert again == {d.body["event_id"] for d in deliveries[6:]}
    assert statuses(query, bank.consumer_id, "deliver_status") == {"delivered": 6, "pending": 4}


def test_processed_events_can_be_included(
    admin: Api, bank: Bank, query: Query, rabbitmq_url: str
) -> None:
    lives(bank)
    deliveries = drain(rabbitmq_url, bank.name)
    confirm_all(bank, deliveries)

    assert begin(admin, bank).status == 409
    first = deliveries[0].body["event_id"]
    assert begin(admin, bank, include_processed=True, **{"from": first}).status == 202
    work(admin, bank)

    assert len(drain(rabbitmq_url, bank.name)) == 10
    assert statuses(query, bank.consumer_id, "deliver_status") == {"delivered": 10}
    assert admin.get("/events/reconcile").data["balanced"]


def test_copies_count_until_confirmed(
    admin: Api, bank: Bank, query: Query, rabbitmq_url: str
) -> None:
    """A second rewind empties the queue of copies that the first one has sent, as a recovery's does."""
    customers = lives(bank, 2)
    deliveries = drain(rabbitmq_url, bank.name)
    confirm_all(bank, deliveries)
    first = deliveries[0].body["event_id"]
    begin(admin, bank, include_processed=True, **{"from": first})
    work(admin, bank)
    confirm_all(bank, take(rabbitmq_url, bank.name, 1))

    again = begin(admin, bank)

    assert (again.status, again.data["event_count"]) == (202, 3)
    work(admin, bank)
    copies = drain(rabbitmq_url, bank.name)
    assert by_customer(copies) == {customers[0]: [2], customers[1]: [1, 2]}
    confirm_all(bank, copies)
    assert begin(admin, bank).status == 409
    assert statuses(query, bank.consumer_id, "deliver_status") == {"delivered": 4}
    assert admin.get("/events/reconcile").data["balanced"]


def test_copy_is_confirmed_before_its_mark(
    admin: Api, bank: Bank, query: Query, rabbitmq_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bank that reads at once is quicker than the end of the worker's transaction."""
    lives(bank, 1)
    deliveries = drain(rabbitmq_url, bank.name)
    confirm_all(bank, deliveries)
    real = ExclusiveConnection.publish
    early = threading.Thread(target=confirm_all, args=(bank, deliveries))

    def publish(*said: Any) -> Any:
        outcomes = real(*said)
        early.start()
        eventually(lambda: query(WAITS), "the confirmation waits for the mark")
        return outcomes

    monkeypatch.setattr(ExclusiveConnection, "publish", publish)
    first = deliveries[0].body["event_id"]
    begin(admin, bank, include_processed=True, **{"from": first})
    work(admin, bank)
    early.join()

    assert begin(admin, bank).status == 409


def test_received_events_are_sent_again(
    admin: Api, bank: Bank, query: Query, rabbitmq_url: str
) -> None:
    lives(bank, 1)
    for delivery in drain(rabbitmq_url, bank.name):
        bank.api.post(
            "/events/confirm-delivery", event_id=delivery.body["event_id"], status="received"
        )

    begin(admin, bank)
    work(admin, bank)

    assert admin.get("/events/reconcile").data["balanced"]
    deliveries = drain(rabbitmq_url, bank.name)
    assert [d.sequence for d in deliveries] == [1, 2]
    confirm_all(bank, deliveries)
    assert admin.get("/events/reconcile").data["balanced"]


def test_pending_and_failed_go_in_order(
    admin: Api, bank: Bank, query: Query, rabbitmq_url: str
) -> None:
    (customer_id,) = lives(bank, 1)
    change(bank, customer_id, "ACTIVE")
    query(
        "UPDATE customer_events SET publish_status = CASE sequence WHEN 1 THEN 'failed' ELSE"
        " 'pending' END, published_at = NULL, publish_failure_reason = 'test'"
        " WHERE customer_id = %(id)s AND sequence < 3",
        id=customer_id,
    )

    begin(admin, bank)
    work(admin, bank)

    assert [d.sequence for d in drain(rabbitmq_url, bank.name)] == [1, 2, 3]
    assert statuses(query, bank.consumer_id) == {"published": 3}


@pytest.mark.parametrize("processed", [False, True])
def test_late_is_what_follows_the_processed(
    admin: Api, bank: Bank, query: Query, rabbitmq_url: str, processed: bool
) -> None:
    """A failed event is sent before its successors, unless the bank has processed one of them."""
    (customer_id,) = lives(bank, 1)
    deliveries = drain(rabbitmq_url, bank.name)
    query(
        "UPDATE customer_events SET publish_status = 'failed', published_at = NULL"
        " WHERE sequence = 1 AND customer_id = %(id)s",
        id=customer_id,
    )
    if processed:
        confirm_all(bank, deliveries[1:])

    begin(admin, bank)
    work(admin, bank)

    first, *_ = drain(rabbitmq_url, bank.name)
    (event,) = query(
        "SELECT sent_late_at FROM customer_events WHERE sequence = 1 AND customer_id = %(id)s",
        id=customer_id,
    )
    assert first.sequence == 1
    assert first.body["metadata"].get("late", False) is processed
    assert (event["sent_late_at"] is not None) is processed


def test_skipped_head_stays_given_up(
    admin: Api, bank: Bank, query: Query, rabbitmq_url: str
) -> None:
    lives(bank, 1)
    query(
        "UPDATE customer_events SET publish_status = 'failed', published_at = NULL,"
        " publish_given_up_at = now() WHERE sequence = 1 AND consumer_id = %(id)s",
        id=bank.consumer_id,
    )

    begin(admin, bank)
    work(admin, bank)

    assert [d.sequence for d in drain(rabbitmq_url, bank.name)] == [2]


def test_one_broken_job_stops_no_other(
    admin: Api,
    bank: Bank,
    make_bank: Any,
    rabbitmq_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = make_bank()
    for each in (bank, other):
        lives(each, 1)
        begin(admin, each)
    real = rewind_worker.compose

    def breaking(row: dict[str, Any]) -> Any:
        if row["consumer_name"] == bank.name:
            raise ValueError("not composed")
        return real(row)

    monkeypatch.setattr(rewind_worker, "compose", breaking)

    def other_is_done() -> bool:
        with suppress(RewindsStuck):
            run_schedule("rewind")
        return bool(progress(admin, other)["status"] == "done")

    eventually(other_is_done)
    assert progress(admin, bank)["waits_for"] in ("ValueError", rewind_worker.QUIET)
    assert len(drain(rabbitmq_url, other.name)) == 2


def test_unacknowledged_messages_do_not_return(admin: Api, bank: Bank, rabbitmq_url: str) -> None:
    lives(bank)
    with channel(rabbitmq_url) as ch:
        ch.basic_qos(prefetch_count=3)
        held = [next(iter(ch.consume(queue_name(bank.name)))) for _ in range(3)]
        assert len(held) == 3
        begin(admin, bank)
        work(admin, bank)

    deliveries = drain(rabbitmq_url, bank.name)
    assert len(deliveries) == 10
    assert all(numbers == [1, 2] for numbers in by_customer(deliveries).values())


def test_reader_is_not_left_behind(admin: Api, bank: Bank) -> None:
    """The broker may move its subscription to the new queue and hand it nothing."""
    access = admin.post("/consumer/broker-access", consumer_id=bank.consumer_id).data
    settle_access()
    lives(bank)
    reader = pika.BlockingConnection(parameters_of_access(access))
    seen: list[bytes] = []
    reader.channel().basic_consume(queue_name(bank.name), lambda *read: seen.append(read[-1]))
    eventually(lambda: reader.process_data_events(0.1) or len(seen) == 10)

    begin(admin, bank)
    work(admin, bank)
    settle_access()

    with pytest.raises(pika.exceptions.AMQPError):
        eventually(lambda: reader.process_data_events(0.1), "its connection ends")
    again = pika.BlockingConnection(parameters_of_access(access))
    again.channel().basic_consume(queue_name(bank.name), lambda *read: seen.append(read[-1]))
    eventually(lambda: again.process_data_events(0.1) or len(seen) >= 20)
    again.close()


def test_publisher_of_before_is_awaited(
    admin: Api, bank: Bank, database_url: str, rabbitmq_url: str
) -> None:
    """A sweep that has locked its rows, and looked for the hold, before the hold was committed."""
    lives(bank)
    sweep = psycopg2.connect(database_url)
    with sweep.cursor() as cursor:
        cursor.execute(
            "SELECT FROM customer_events WHERE consumer_id = %s FOR UPDATE", [bank.consumer_id]
        )
        begin(admin, bank)
        deadline = time.monotonic() + 1.5  # beyond the hand-off time
        while time.monotonic() < deadline:
            run_schedule("rewind")
        waiting = progress(admin, bank)
        assert (waiting["status"], waiting["waits_for"]) == ("held", rewind_worker.QUIET)
        sweep.rollback()
    sweep.close()

    assert work(admin, bank)["sent_count"] == 10
    assert len(drain(rabbitmq_url, bank.name)) == 10


def test_lock_is_one_connections(rabbitmq_url: str) -> None:
    parameters, name = parameters_of(rabbitmq_url), f"lock_{uuid.uuid4().hex}"
    first = ExclusiveConnection(parameters, name, 3)

    with pytest.raises(BrokerUnavailable, match="RESOURCE_LOCKED"):
        ExclusiveConnection(parameters, name, 3)

    first.close()
    eventually(lambda: _opens(parameters, name), "the lock is free again")


def _opens(parameters: Any, name: str) -> bool:
    try:
        ExclusiveConnection(parameters, name, 3).close()
    except BrokerUnavailable:
        return False
    return True


def test_second_worker_leaves_the_job(
    admin: Api, bank: Bank, parts: Parts, rabbitmq_url: str
) -> None:
    lives(bank)
    begin(admin, bank)
    lock = ExclusiveConnection(parameters_of(rabbitmq_url), f"rewind_{bank.name}", 3)
    eventually(
        lambda: run_schedule("rewind") and "RESOURCE_LOCKED" in progress(admin, bank)["waits_for"]
    )

    assert progress(admin, bank)["status"] == "held"
    lock.close()
    assert work(admin, bank)["sent_count"] == 10


class Killed(BaseException):
    """Ends a worker where a kill would."""


@pytest.mark.parametrize("step", range(1, 20))
def test_killed_worker_loses_nothing(
    admin: Api,
    bank: Bank,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    rabbitmq_url: str,
    query: Query,
    step: int,
) -> None:
    """The worker is killed before its n-th statement or call of the broker; another goes on."""
    customers = lives(bank, 3)
    begin(admin, bank)
    monkeypatch.setattr(rewind_worker, "BATCH", 2)
    steps = iter(range(step))

    with parts_with(environment, PUBLISH_HANDOFF_SECONDS="0") as parts:
        eventually(lambda: _quiet(parts, bank))
        with monkeypatch.context() as patched, suppress(Killed):
            _count_steps(patched, steps)
            RewindWorker(parts.sweep_database, rabbitmq_url, 0).run(SECONDS)
    work(admin, bank)

    deliveries = drain(rabbitmq_url, bank.name)
    assert_in_order(deliveries)
    assert set(by_customer(deliveries)) == set(customers)
    assert len({d.body["event_id"] for d in deliveries}) == 6
    assert len(deliveries) <= 8  # one batch more
    assert statuses(query, bank.consumer_id) == {"published": 6}


def _quiet(parts: Parts, bank: Bank) -> bool:
    worker = RewindWorker(parts.sweep_database, parts.settings.rabbitmq_url, 0)
    (job,) = parts.sweep_database.fetch_all(rewind_worker.SQL["unfinished"], {})
    return worker._is_quiet(job)


def _count_steps(monkeypatch: pytest.MonkeyPatch, steps: Iterator[int]) -> None:
    from fintegrate.database import Database

    def killing(owner: type, name: str) -> None:
        real = getattr(owner, name)

        def step(*args: Any, **options: Any) -> Any:
            if next(steps, None) is None:
                raise Killed
            return real(*args, **options)

        monkeypatch.setattr(owner, name, step)

    killing(Database, "fetch_all")
    killing(Database, "execute")
    killing(ExclusiveConnection, "make_anew")
    killing(ExclusiveConnection, "publish")


def test_commit_after_the_look_is_sent(
    admin: Api, bank: Bank, database_url: str, rabbitmq_url: str
) -> None:
    """A change that is older than the beginning and was committed after it was looked for."""
    (customer_id,) = lives(bank, 1)
    confirm_all(bank, drain(rabbitmq_url, bank.name))
    request = psycopg2.connect(database_url, options="-c timezone=UTC")
    with request.cursor() as cursor:
        cursor.execute(CHANGE, {"customer_id": customer_id})
        bank.create_customer()  # the oldest unconfirmed event that others can see
        assert begin(admin, bank).status == 202
        request.commit()
    request.close()
    change(bank, customer_id, "INACTIVE")
    work(admin, bank)
    run_schedule("resend")

    assert by_customer(drain(rabbitmq_url, bank.name))[customer_id] == [3, 4]


def test_beginning_is_not_to_come(admin: Api, bank: Bank, rabbitmq_url: str) -> None:
    """Otherwise the queue would lose what was published while the job waited."""
    lives(bank, 1)
    confirm_all(bank, drain(rabbitmq_url, bank.name))

    begin(admin, bank, **{"from": "2999-01-01T00:00:00+00:00"})
    newcomer = bank.create_customer()  # asks for no hold, so it is in the old queue
    work(admin, bank)

    assert by_customer(drain(rabbitmq_url, bank.name)) == {newcomer: [1]}


def test_older_unconfirmed_events_are_not_lost(admin: Api, bank: Bank, query: Query) -> None:
    lives(bank)
    (newest,) = query(
        "SELECT event_id FROM customer_events WHERE consumer_id = %(id)s"
        " ORDER BY created_at DESC LIMIT 1",
        id=bank.consumer_id,
    )

    reply = begin(admin, bank, **{"from": str(newest["event_id"])})

    assert reply.status == 409
    assert "begin there or earlier" in str(reply.description)


def test_one_rewind_at_a_time(admin: Api, bank: Bank) -> None:
    lives(bank)

    assert [begin(admin, bank).status for _ in range(2)] == [202, 409]


def test_dry_run_holds_nothing(admin: Api, bank: Bank, rabbitmq_url: str) -> None:
    customers = lives(bank)

    reply = begin(admin, bank, dry_run=True)

    assert (reply.status, reply.data["event_count"], reply.data["job_id"]) == (202, 10, None)
    change(bank, customers[0], "ACTIVE")
    assert len(drain(rabbitmq_url, bank.name)) == 11


def test_unknown_names_are_not_found(admin: Api, bank: Bank) -> None:
    lives(bank, 1)
    stranger = str(uuid.uuid4())

    assert admin.post("/events/rewind", consumer_id=stranger, reason="x").status == 404
    assert begin(admin, bank, **{"from": stranger}).status == 404
    assert admin.get("/events/rewind", consumer_id=stranger).status == 404


def test_full_queue_makes_the_job_wait(
    admin: Api, bank: Bank, rabbitmq_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives(bank)
    begin(admin, bank)
    real = rewind_worker.queues

    def small(names: Any) -> Any:
        return [
            _shorter(queue) if queue.name == queue_name(bank.name) else queue
            for queue in real(names)
        ]

    monkeypatch.setattr(rewind_worker, "queues", small)
    eventually(
        lambda: run_schedule("rewind") and "nacked" in (progress(admin, bank)["waits_for"] or "")
    )
    first = drain(rabbitmq_url, bank.name)
    work_until = []
    while progress(admin, bank)["status"] != "done":
        run_schedule("rewind")
        work_until += drain(rabbitmq_url, bank.name, 0.2)

    assert_in_order([*first, *work_until])
    assert len({d.body["event_id"] for d in [*first, *work_until]}) == 10


def _shorter(queue: Any) -> Any:
    from dataclasses import replace

    return replace(queue, arguments={**queue.arguments, "x-max-length": 4})


def test_run_counts_its_work(admin: Api, bank: Bank, parts: Parts, rabbitmq_url: str) -> None:
    lives(bank)
    begin(admin, bank)
    worker = RewindWorker(parts.sweep_database, rabbitmq_url, 0)

    worked = eventually(lambda: (w := worker.run(SECONDS)).done and w)

    assert worked == Worked(jobs=1, done=1, sent=10)


def delete(admin: Api, bank: Bank) -> Reply:
    return admin.delete("/events/rewind", consumer_id=bank.consumer_id)


def test_untouched_job_ends_at_once(admin: Api, bank: Bank, rabbitmq_url: str) -> None:
    customers = lives(bank)
    begin(admin, bank)
    change(bank, customers[0], "ACTIVE")

    for _ in range(2):
        reply = delete(admin, bank)
        assert (reply.status, reply.data["status"]) == (200, "done")
        assert None not in (reply.data["cancelled_at"], reply.data["finished_at"])
    assert run_schedule("rewind") == {"jobs": 0, "done": 0, "sent": 0}
    run_schedule("resend")

    deliveries = drain(rabbitmq_url, bank.name)
    assert_in_order(deliveries)
    assert len(deliveries) == 11


def test_nothing_to_cancel_is_said(admin: Api, bank: Bank) -> None:
    assert delete(admin, bank).status == 404
    lives(bank, 1)
    begin(admin, bank)
    work(admin, bank)

    assert delete(admin, bank).status == 409
    assert begin(admin, bank).status == 202


def test_recoverys_job_is_not_cancelled(admin: Api, bank: Bank, query: Query) -> None:
    lives(bank, 1)
    begin(admin, bank)
    query("UPDATE replay_jobs SET request_id = 'recovery 2'")

    assert delete(admin, bank).status == 409
    assert progress(admin, bank)["status"] == "held"


def test_request_id_makes_no_recovery(admin: Api, bank: Bank) -> None:
    lives(bank, 1)
    wanted = {"consumer_id": bank.consumer_id, "reason": "test"}
    named = {"X-Request-Id": "recovery-1"}
    assert admin("POST", "/events/rewind", wanted, headers=named).status == 202

    assert delete(admin, bank).status == 200


def _work_until(step: int, parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched, suppress(Killed):
        _count_steps(patched, iter(range(step)))
        RewindWorker(parts.sweep_database, parts.settings.rabbitmq_url, 0).run(SECONDS)


@pytest.mark.parametrize("step", range(7, 16))
def test_cancelled_job_keeps_order(
    admin: Api,
    bank: Bank,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    rabbitmq_url: str,
    query: Query,
    step: int,
) -> None:
    """Cancelled after a worker died before its n-th step; so does the worker that gives back."""
    customers = lives(bank, 3)
    begin(admin, bank)
    monkeypatch.setattr(rewind_worker, "BATCH", 2)
    monkeypatch.setattr(rewind_worker, "STRETCH", 2)
    with parts_with(environment, PUBLISH_HANDOFF_SECONDS="0") as parts:
        eventually(lambda: _quiet(parts, bank))
        _work_until(step, parts, monkeypatch)
        for customer_id in customers:
            change(bank, customer_id, "ACTIVE")
        assert delete(admin, bank).status == 200
        _work_until(step, parts, monkeypatch)
        assert delete(admin, bank).status == 200
    done = work(admin, bank)
    change(bank, customers[0], "INACTIVE")
    run_schedule("resend")

    assert done["cancelled_at"] is not None
    deliveries = drain(rabbitmq_url, bank.name)
    assert_in_order(deliveries)
    assert by_customer(deliveries).keys() == set(customers)
    assert len({d.body["event_id"] for d in deliveries}) == 10
    assert statuses(query, bank.consumer_id) == {"published": 10}
    assert admin.get("/events/reconcile").data["balanced"]


def test_cancelled_job_spares_the_processed(
    admin: Api, bank: Bank, parts: Parts, monkeypatch: pytest.MonkeyPatch, rabbitmq_url: str
) -> None:
    lives(bank)
    deliveries = drain(rabbitmq_url, bank.name)
    confirm_all(bank, deliveries[:6])
    received = deliveries[6].body["event_id"]
    bank.api.post("/events/confirm-delivery", event_id=received, status="received")
    first = deliveries[0].body["event_id"]
    begin(admin, bank, include_processed=True, **{"from": first})
    real = ExclusiveConnection.make_anew
    monkeypatch.setattr(
        ExclusiveConnection, "make_anew", lambda *a: real(*a) or delete(admin, bank)
    )

    assert work(admin, bank)["sent_count"] == 0
    run_schedule("resend")

    again = {d.body["event_id"] for d in drain(rabbitmq_url, bank.name)}
    assert again == {d.body["event_id"] for d in deliveries[6:]}


def settle(query: Query, bank: Bank, count: int) -> None:
    """Write events of long ago that the bank has processed; their receipts are past their retention."""
    write_pending(query, bank.consumer_id, customers=count, age_seconds=86_400)
    query(
        "UPDATE customer_events SET publish_status = 'published', published_at = created_at,"
        " deliver_status = 'delivered', delivered_at = created_at WHERE source_service = 'test'"
    )


def test_large_bank_is_read_in_stretches(
    admin: Api, bank: Bank, query: Query, rabbitmq_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(query, bank, 20_000)
    lives(bank)
    monkeypatch.setattr(rewind, "STRETCH", 1_000)
    monkeypatch.setattr(rewind_worker, "STRETCH", 1_000)
    named = {"oldest_waiting", "look", "find_end", "claim"}

    with rows_read(named) as read:
        assert begin(admin, bank, dry_run=True).data["event_count"] == 10
        first = begin(admin, bank, **{"from": "2020-01-01T00:00:00+00:00"})
        assert (first.data["event_count"], first.data["counted_until"]) == (10, None)
        assert work(admin, bank)["sent_count"] == 10

    assert read.keys() == named
    assert max(read.values()) < 2_500, read


def test_request_looks_for_bounded_time(
    admin: Api, bank: Bank, query: Query, rabbitmq_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(query, bank, 60)
    lives(bank)
    drain(rabbitmq_url, bank.name)
    confirm = "/events/confirm-delivery"
    for event in query(
        "SELECT event_id FROM customer_events WHERE source_service <> 'test' AND consumer_id = %(id)s",
        id=bank.consumer_id,
    ):
        bank.api.post(confirm, event_id=event["event_id"], status="received")
    monkeypatch.setattr(rewind, "STRETCH", 20)
    monkeypatch.setattr(rewind, "LOOK_SECONDS", 0)

    too_late = begin(admin, bank, **{"from": "2999-01-01T00:00:00+00:00"})
    begun = begin(admin, bank)

    assert too_late.status == 409
    assert "too many events to look at" in str(too_late.description)
    assert begun.data["from_at"] < query("SELECT now() - interval '1 h' AS at")[0]["at"].isoformat()
    assert (begun.data["event_count"], begun.data["counted_until"] is None) == (0, False)
    assert work(admin, bank)["sent_count"] == 10
