"""Replays: who gets what again, in which order, how fast, what goes before them, and what ends them."""

from __future__ import annotations

import threading
import uuid
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.banking import wiring
from chalicelib.banking.events.topology import EXCHANGE, queue_name, queues
from chalicelib.banking.replay import worker
from chalicelib.banking.replay.worker import ReplayWorker
from fintegrate.messaging.topology import Queue
from tests.support.api import Api, Reply
from tests.support.banking import Bank, parts_with
from tests.support.broker import channel, drain
from tests.support.fixtures import Query
from tests.support.outbox import by_customer, statuses
from tests.support.schedules import run_schedule
from tests.support.waiting import eventually

WRITE = """
INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                             payload_json, metadata_json, created_at, publish_status, published_at)
SELECT %(consumer_id)s, customer_id, sequence,
       CASE WHEN sequence = 1 THEN 'customer_creation' ELSE 'customer_status_change' END, 'test',
       jsonb_build_object('customer_id', customer_id, 'name', 'Test', 'status', 'ACTIVE'),
       jsonb_build_object('sequence', sequence, 'source_service', 'test'),
       clock_timestamp() - interval '1 hour' + sequence * interval '1 minute', 'published', now()
FROM (SELECT gen_random_uuid() AS customer_id FROM generate_series(1, %(customers)s)) AS subject,
     generate_series(1, %(events_each)s) AS sequence
"""
SET = (
    "UPDATE customer_events SET {} WHERE consumer_id = %(consumer_id)s AND sequence = %(sequence)s"
)
FAILED = SET.format(
    "publish_status = 'failed', published_at = NULL, publish_failure_reason = 'NO_ROUTE',"
    " publish_try_count = 10"
)


@pytest.fixture
def missed(bank: Bank, query: Query, rabbitmq_url: str) -> Bank:
    """A bank that has lost its queue: twelve events of four customers were published."""
    drain(rabbitmq_url, bank.name)
    query(WRITE, consumer_id=bank.consumer_id, customers=4, events_each=3)
    return bank


def make(api: Api, **fields: object) -> Reply:
    return api.post("/replay/data", **{"per_second": 500, **fields})


def made(api: Api, **fields: object) -> dict[str, Any]:
    reply = make(api, **fields)
    assert reply.status == 201, reply
    return reply.data


def read(api: Api, job: dict[str, Any]) -> dict[str, Any]:
    reply = api.get("/replay/data", job_id=job["job_id"])
    assert reply.status == 200, reply
    return reply.data


def done(api: Api, job: dict[str, Any]) -> dict[str, Any]:
    """The job after a run, which must have ended it."""
    run_schedule("replay")
    after = read(api, job)
    assert after["status"] == "done", after
    assert after["matched"] == after["sent"] + after["refused"] + after["left_out"]
    return after


def ids(query: Query, bank: Bank, sequence: int | None = None) -> list[str]:
    rows = query(
        "SELECT event_id FROM customer_events WHERE consumer_id = %(consumer_id)s"
        " AND (%(sequence)s::int IS NULL OR sequence = %(sequence)s) ORDER BY created_at, sequence",
        consumer_id=bank.consumer_id,
        sequence=sequence,
    )
    return [str(row["event_id"]) for row in rows]


def confirm(bank: Bank, event_id: str, status: str = "processed") -> None:
    reply = bank.api.post("/events/confirm-delivery", event_id=event_id, status=status)
    assert reply.status == 200, reply


def change(api: Api, job: dict[str, Any], **fields: object) -> Reply:
    return api.post("/replay/change-status", job_id=job["job_id"], **fields)


def go_on(api: Api, job: dict[str, Any]) -> dict[str, Any]:
    """Have a job that waits looked at now, not a minute later."""
    assert change(api, job, action="resume").data["waits_for"] is None
    return done(api, job)


def test_missed_events_come_again(missed: Bank, rabbitmq_url: str) -> None:
    job = made(missed.api, reason="away from two to four")
    assert (job["status"], job["matched"], job["sent"]) == ("running", 12, 0)

    after = done(missed.api, job)

    assert (after["sent"], after["left_out"], after["eta_seconds"]) == (12, 0, 0)
    copies = drain(rabbitmq_url, missed.name)
    assert all(sequences == [1, 2, 3] for sequences in by_customer(copies).values())
    assert len(copies) == 12
    headers = [copy.properties.headers for copy in copies]
    assert {each["replay_job_id"] for each in headers} == {job["job_id"]}
    assert {each["deliver_try_count"] for each in headers} == {1}


def test_dry_run_writes_nothing(missed: Bank, query: Query) -> None:
    query(FAILED, consumer_id=missed.consumer_id, sequence=1)
    confirm(missed, ids(query, missed, 2)[0])

    told = made(missed.api, dry_run=True)

    assert told["matched"] == 11
    assert told["exact"] is True
    assert (told["customers"], told["late"]) == (4, 4)
    assert told["by_state"] == {"publish_failed": 4, "in_queue": 7}
    assert told["tenants"] == [
        {"consumer_id": missed.consumer_id, "consumer_name": missed.name, "events": 11}
    ]
    assert "4 come late" in told["warnings"][0]
    assert query("SELECT FROM replays") == query("SELECT FROM replay_batches") == []


def test_confirmed_meanwhile_is_left_out(missed: Bank, query: Query, rabbitmq_url: str) -> None:
    job = made(missed.api)
    for event_id in ids(query, missed, 1):
        confirm(missed, event_id)

    after = done(missed.api, job)

    assert (after["sent"], after["left_out"]) == (8, 4)
    assert len(drain(rabbitmq_url, missed.name)) == 8


def test_everything_includes_the_processed(missed: Bank, query: Query, rabbitmq_url: str) -> None:
    for event_id in ids(query, missed, 1):
        confirm(missed, event_id)
    assert made(missed.api, dry_run=True)["matched"] == 8

    after = done(missed.api, made(missed.api, mode="all"))

    assert after["sent"] == 12
    assert len(drain(rabbitmq_url, missed.name)) == 12
    assert statuses(query, missed.consumer_id, "deliver_status") == {
        "delivered": 4,
        "pending": 8 + len(ids(query, missed)) - 12,
    }


def test_confirmed_again_is_counted(missed: Bank, query: Query, rabbitmq_url: str) -> None:
    job = made(missed.api)
    done(missed.api, job)
    for event_id in ids(query, missed, 2):
        confirm(missed, event_id)

    run_schedule("replay")

    assert read(missed.api, job)["confirmed_again"] == 4
    assert len(drain(rabbitmq_url, missed.name)) == 12


def test_job_has_what_was_committed(missed: Bank, query: Query, rabbitmq_url: str) -> None:
    job = made(missed.api)
    query(WRITE, consumer_id=missed.consumer_id, customers=5, events_each=1)

    assert done(missed.api, job)["sent"] == 12
    assert len(drain(rabbitmq_url, missed.name)) == 12


def test_newest_failed_is_reopened(missed: Bank, query: Query, rabbitmq_url: str) -> None:
    query(FAILED, consumer_id=missed.consumer_id, sequence=3)

    after = done(missed.api, made(missed.api, states=["publish_failed"]))

    assert (after["matched"], after["sent"], after["put_back"]) == (4, 4, 4)
    assert statuses(query, missed.consumer_id)["pending"] == 4
    assert drain(rabbitmq_url, missed.name) == []
    run_schedule("resend")
    copies = drain(rabbitmq_url, missed.name)
    assert [copy.sequence for copy in copies] == [3] * 4
    assert all("replay_job_id" not in copy.properties.headers for copy in copies)


@pytest.mark.parametrize("include_late", [False, True])
def test_late_goes_on_request(
    missed: Bank, query: Query, rabbitmq_url: str, include_late: bool
) -> None:
    query(FAILED, consumer_id=missed.consumer_id, sequence=2)

    job = made(missed.api, states=["publish_failed"], include_late=include_late)
    after = done(missed.api, job)

    assert (after["sent"], after["left_out"]) == ((4, 0) if include_late else (0, 4))
    assert after["put_back"] == 0
    copies = drain(rabbitmq_url, missed.name)
    assert [copy.body["metadata"].get("late") for copy in copies] == [True] * after["sent"]


def test_filters_narrow_each_other(missed: Bank, query: Query) -> None:
    def matched(**fields: object) -> int:
        return int(made(missed.api, dry_run=True, **fields)["matched"])

    first, *_ = ids(query, missed)
    (row,) = query("SELECT * FROM customer_events WHERE event_id = %(id)s", id=first)
    (middle,) = query(
        "SELECT min(created_at) + interval '30 seconds' AS at FROM customer_events"
        " WHERE consumer_id = %(id)s AND sequence = 2",
        id=missed.consumer_id,
    )
    at = middle["at"].isoformat()  # type: ignore[attr-defined]

    assert matched(event_ids=[first, str(uuid.uuid4())]) == 1
    assert matched(event_types=["customer_creation"]) == 4
    assert matched(customer_id=str(row["customer_id"])) == 3
    assert matched(**{"from": at}) == 4
    assert matched(to=at) == 8
    assert matched(to=at, event_types=["customer_creation"]) == 4
    assert matched(states=["delivery_failed"]) == 0


def test_job_of_nothing_is_done(missed: Bank) -> None:
    job = made(missed.api, states=["delivery_failed"])

    assert (job["status"], job["matched"], job["eta_seconds"]) == ("done", 0, 0)
    assert change(missed.api, job, action="cancel").status == 409


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"states": ["waiting"]}, "waiting cannot be replayed"),
        ({"states": ["processed"]}, "processed goes with mode all"),
        ({"per_second": 0}, "per_second: must be at least 1"),
        ({"per_second": 501}, "per_second: must be at most 500"),
        ({"event_ids": [str(uuid.uuid4())], "mode": "missed", "states": ["in_queue"]}, "event_ids"),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "from must be before to"),
    ],
)
def test_senseless_filters_are_refused(bank: Bank, fields: dict[str, object], said: str) -> None:
    reply = make(bank.api, **fields)

    assert reply.status == 422
    assert said in reply.description


def test_admin_names_the_bank(admin: Api, missed: Bank) -> None:
    assert make(admin).status == 422
    assert make(admin, consumer_id=str(uuid.uuid4())).status == 404

    job = made(admin, consumer_id=missed.consumer_id, reason="INC-2041")

    assert (job["consumer_name"], job["reason"]) == (missed.name, "INC-2041")
    assert read(missed.api, job)["job_id"] == job["job_id"]


def test_other_banks_see_nothing(missed: Bank, make_bank: Any, query: Query) -> None:
    other = make_bank()
    job = made(missed.api)

    assert other.api.get("/replay/data", job_id=job["job_id"]).status == 404
    assert change(other.api, job, action="cancel").status == 404
    assert other.api.get("/replay/list").data["jobs"] == []
    assert make(other.api, consumer_id=missed.consumer_id).status == 404
    assert made(other.api, dry_run=True, event_ids=ids(query, missed))["matched"] == 0


def test_same_filter_is_refused_twice(missed: Bank) -> None:
    first = made(missed.api, states=["in_queue", "received"])

    again = make(missed.api, states=["received", "in_queue"], per_second=5)
    assert again.status == 409
    assert "this filter" in again.description
    assert change(missed.api, first, action="cancel").data["status"] == "cancelled"
    assert make(missed.api, states=["in_queue", "received"]).status == 201


def test_ten_jobs_wait_at_most(missed: Bank, query: Query) -> None:
    jobs = [made(missed.api, event_ids=[event_id]) for event_id in ids(query, missed)[1:12]]
    assert [job["status"] for job in jobs] == ["running"] + ["queued"] * 10

    refused = make(missed.api)

    assert refused.status == 409
    page = missed.api.get("/replay/list", limit=6).data
    rest = missed.api.get("/replay/list", limit=6, cursor=page["next_cursor"]).data
    listed = [job["job_id"] for job in page["jobs"] + rest["jobs"]]
    assert listed == [job["job_id"] for job in reversed(jobs)]
    run_schedule("replay")
    assert {job["status"] for job in missed.api.get("/replay/list").data["jobs"]} == {"done"}


def test_far_more_than_expected_is_refused(missed: Bank, query: Query) -> None:
    query(WRITE, consumer_id=missed.consumer_id, customers=11, events_each=1)

    reply = make(missed.api, expected_count=12)

    assert reply.status == 409
    assert "12" in reply.description
    assert "23" in reply.description
    assert query("SELECT FROM replay_batches") == []
    assert make(missed.api, expected_count=14).status == 201


def test_paused_job_goes_on(missed: Bank, rabbitmq_url: str) -> None:
    job = made(missed.api)
    assert change(missed.api, job, action="pause").data["status"] == "paused"
    run_schedule("replay")
    assert drain(rabbitmq_url, missed.name) == []

    resumed = change(missed.api, job, action="resume", per_second=400).data

    assert (resumed["status"], resumed["per_second"]) == ("running", 400)
    assert done(missed.api, job)["sent"] == 12


def test_cancelled_job_sends_no_more(missed: Bank, rabbitmq_url: str) -> None:
    job = made(missed.api)
    cancelled = change(missed.api, job, action="cancel").data

    run_schedule("replay")

    assert cancelled["finished_at"] is not None
    assert (read(missed.api, job)["sent"], drain(rabbitmq_url, missed.name)) == (0, [])
    assert change(missed.api, job, action="resume").status == 409


def test_resumed_job_waits_its_turn(missed: Bank) -> None:
    first = made(missed.api, states=["in_queue"])
    change(missed.api, first, action="pause")
    second = made(missed.api)

    assert second["status"] == "running"
    assert change(missed.api, first, action="resume").data["status"] == "queued"
    run_schedule("replay")
    assert [read(missed.api, job)["status"] for job in (first, second)] == ["done", "done"]


def test_lost_queue_is_declared(missed: Bank, rabbitmq_url: str) -> None:
    with channel(rabbitmq_url) as ch:
        ch.queue_delete(queue_name(missed.name))

    assert done(missed.api, made(missed.api))["sent"] == 12
    assert len(drain(rabbitmq_url, missed.name)) == 12


def test_rewind_goes_before_it(missed: Bank, query: Query, rabbitmq_url: str) -> None:
    job = made(missed.api)
    query(
        "INSERT INTO replay_jobs (consumer_id, from_at, include_processed, reason, request_id)"
        " VALUES (%(id)s, now(), false, 'test', 'test')",
        id=missed.consumer_id,
    )

    run_schedule("replay")

    assert read(missed.api, job)["waits_for"] == worker.REWIND
    assert drain(rabbitmq_url, missed.name) == []
    query("DELETE FROM replay_jobs")
    go_on(missed.api, job)


def test_growing_outbox_goes_before_it(missed: Bank, query: Query) -> None:
    job = made(missed.api)
    grow = (
        "UPDATE customer_events SET publish_status = 'pending', published_at = NULL,"
        " publish_failure_reason = 'nacked' WHERE event_id = %(id)s"
    )
    query(grow, id=ids(query, missed, 3)[0])

    run_schedule("replay")

    assert read(missed.api, job)["waits_for"] == worker.OUTBOX

    after = go_on(missed.api, job)  # as many wait as a moment ago
    assert (after["sent"], after["left_out"]) == (11, 1)


def test_refusing_queue_goes_before_it(missed: Bank, query: Query) -> None:
    job = made(missed.api)
    query(
        "INSERT INTO publishing_pauses (consumer_id, probe_at, reason)"
        " VALUES (%(id)s, now(), 'nacked')",
        id=missed.consumer_id,
    )
    assert any("refuses" in warning for warning in made(missed.api, dry_run=True)["warnings"])

    run_schedule("replay")

    told = read(missed.api, job)
    assert (told["waits_for"], told["sent"], told["status"]) == (worker.QUEUE, 0, "running")
    query("DELETE FROM publishing_pauses")
    go_on(missed.api, job)


def test_group_of_failures_is_replayed(missed: Bank, query: Query) -> None:
    query(FAILED, consumer_id=missed.consumer_id, sequence=3)
    (group,) = missed.api.get("/events/failures").data["groups"]

    told = made(missed.api, failure_group=group["failure_group"], dry_run=True)

    assert (told["matched"], told["by_state"]) == (4, {"publish_failed": 4})
    assert made(missed.api, failure_group="another", dry_run=True)["matched"] == 0


def test_act_is_in_the_audit_log(missed: Bank, query: Query) -> None:
    job = made(missed.api, reason="INC-2041", states=["in_queue"])
    change(missed.api, job, action="cancel", reason="enough")

    rows = query(
        "SELECT action, reason, details FROM audit_log"
        " WHERE subject_consumer_id = %(id)s AND action LIKE '%%/replay/%%'"
        " ORDER BY created_at",
        id=missed.consumer_id,
    )
    assert [row["reason"] for row in rows] == ["INC-2041", "enough"]
    details: Any = rows[0]["details"]
    assert (details["job_id"], details["matched"]) == (job["job_id"], 12)
    assert details["filter"] == {"states": ["in_queue"]}


def test_copy_is_in_the_timeline(missed: Bank, query: Query) -> None:
    job = made(missed.api)
    done(missed.api, job)

    life = missed.api.get("/events/data", event_id=ids(query, missed)[0]).data

    (step,) = [step for step in life["timeline"] if step["step"] == "replayed"]
    assert job["job_id"] in step["by"]


def test_outage_spends_no_tries(
    missed: Bank, environment: dict[str, str], query: Query, rabbitmq_url: str
) -> None:
    job = made(missed.api)
    with parts_with(environment, RABBITMQ_URL="amqp://127.0.0.1:1/%2F"):
        run_schedule("replay")

    told = read(missed.api, job)
    assert (told["waits_for"], told["sent"], told["refused"]) == (worker.BROKER, 0, 0)
    tries = query("SELECT DISTINCT deliver_try_count FROM customer_events WHERE sequence > 1")
    assert [row["deliver_try_count"] for row in tries] == [0]
    go_on(missed.api, job)
    assert len(drain(rabbitmq_url, missed.name)) == 12


def test_full_queue_keeps_the_rest(missed: Bank, query: Query, rabbitmq_url: str) -> None:
    """What the queue took before it was full is not sent again."""
    job = made(missed.api)
    (_, queue) = queues([missed.name])
    little = replace(queue, arguments={**queue.arguments, "x-max-length": 4})
    declare_anew(rabbitmq_url, little)

    run_schedule("replay")

    told = read(missed.api, job)
    assert told["waits_for"] == worker.QUEUE
    assert 0 < told["sent"] < 12
    (pause,) = query("SELECT consumer_id FROM publishing_pauses")
    assert pause["consumer_id"] == missed.consumer_id
    assert len(drain(rabbitmq_url, missed.name)) >= told["sent"]
    declare_anew(rabbitmq_url, queue)
    query("DELETE FROM publishing_pauses")
    after = go_on(missed.api, job)
    assert len(drain(rabbitmq_url, missed.name)) == after["sent"] - told["sent"]


def declare_anew(url: str, queue: Queue) -> None:
    with channel(url) as ch:
        ch.queue_delete(queue.name)
        ch.queue_declare(queue.name, durable=True, arguments=dict(queue.arguments))
        for key in queue.routing_keys:
            ch.queue_bind(queue.name, EXCHANGE, key)


def test_pause_holds_within_a_batch(missed: Bank, query: Query) -> None:
    job = made(missed.api, per_second=10)

    def work() -> None:
        run_schedule("replay")
        wiring.parts().close()

    run = threading.Thread(target=work)
    run.start()
    eventually(lambda: read(missed.api, job)["sent"] > 0)

    paused = change(missed.api, job, action="pause").data
    run.join()

    assert paused["status"] == "paused"
    assert read(missed.api, job)["sent"] == paused["sent"] < 12


def test_workers_never_share_a_job(missed: Bank, environment: dict[str, str]) -> None:
    made(missed.api)
    first, second = (_worker() for _ in range(2))
    first._take()
    second._take()

    assert (len(first._held), len(second._held)) == (1, 0)


def test_cut_worker_repeats_one_batch(
    missed: Bank, query: Query, rabbitmq_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if it had died after the broker's confirms, before the commit."""
    job = made(missed.api, per_second=50)

    def die(*_arguments: object) -> None:
        raise RuntimeError("dead")

    with monkeypatch.context() as patched:
        patched.setattr(ReplayWorker, "_write_down", die)
        with pytest.raises(RuntimeError):
            run_schedule("replay")

    after = done(missed.api, job)
    assert after["sent"] == 12
    assert len(drain(rabbitmq_url, missed.name)) == 12 + 5


def _worker() -> ReplayWorker:
    parts = wiring.parts()
    return ReplayWorker(
        parts.sweep_database,
        parts.counting_sender("replay"),
        lambda: "closed",
        handoff_seconds=5,
        probe_seconds=55,
    )
