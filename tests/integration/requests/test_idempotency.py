"""`Idempotency-Key`: the same request again gets the first answer, and nothing runs twice."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import psycopg2.extensions
import pytest

from tests.integration.banking.dead_letters.kept import keep_letter
from tests.integration.requests.endpoints import POSTS
from tests.support.api import Api, Reply
from tests.support.banking import Bank, parts_with, together
from tests.support.fixtures import Query
from tests.support.outbox import write_pending
from tests.support.waiting import eventually

MakeBank = Callable[[], Bank]
USED = "This Idempotency-Key was used with another request; use a new key"
RUNNING = "A request with this Idempotency-Key is still running; wait for its answer"
BLOCKED = """
SELECT count(*) AS count FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def post(api: Api, key: str, path: str = "/customer/data", **body: object) -> Reply:
    return api("POST", path, body, headers={"Idempotency-Key": key})


def customers(query: Query) -> int:
    return len(query("SELECT 1 FROM customers"))


def events(query: Query) -> int:
    return len(query("SELECT 1 FROM customer_events WHERE event_type LIKE 'customer%%'"))


@pytest.fixture
def in_flight(bank: Bank, database_url: str) -> Iterator[psycopg2.extensions.connection]:
    """Another process's request with the key `k`: reserved, and not committed yet."""
    connection = psycopg2.connect(database_url)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO idempotency_keys (consumer_id, idempotency_key, request_hash) "
            "VALUES (%s, 'k', 'the hash of its request')",
            (bank.consumer_id,),
        )
    yield connection
    connection.close()


def test_repeat_gets_the_same_answer(bank: Bank, query: Query) -> None:
    first, again = (post(bank.api, "k", name="Jane Roe") for _ in range(2))

    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert first.headers.get("Idempotency-Replayed") is None
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (customers(query), events(query)) == (1, 1)


def test_replay_publishes_nothing(bank: Bank, rabbitmq_url: str) -> None:
    from tests.support.broker import drain

    for _ in range(3):
        post(bank.api, "k", name="Jane Roe")

    assert len(drain(rabbitmq_url, bank.name)) == 1


def test_replay_ignores_later_changes(bank: Bank) -> None:
    first = post(bank.api, "k", name="Jane Roe")
    bank.api.delete("/customer/data", customer_id=first.data["customer_id"])

    assert post(bank.api, "k", name="Jane Roe").body == first.body


@pytest.mark.parametrize("other", [{"name": "John Roe"}, {"name": "Jane Roe", "status": "ACTIVE"}])
def test_another_body_is_refused(bank: Bank, query: Query, other: dict[str, str]) -> None:
    post(bank.api, "k", name="Jane Roe")

    reply = post(bank.api, "k", **other)

    assert (reply.status, reply.description) == (409, USED)
    assert customers(query) == 1


@pytest.mark.parametrize(
    "again",
    [
        b'{"status": "ACTIVE", "name": "Jane Roe"}',
        b'  {"name" : "Jane\\u0020Roe",\n"status":"ACTIVE"}',
        b'\xef\xbb\xbf{"name":"Jane Roe","status":"ACTIVE"}',
    ],
)
def test_same_json_is_same_request(bank: Bank, query: Query, again: bytes) -> None:
    """A client may write its request anew before it repeats it."""
    first = post(bank.api, "k", name="Jane Roe", status="ACTIVE")

    reply = bank.api("POST", "/customer/data", raw=again, headers={"Idempotency-Key": "k"})

    assert reply.body == first.body
    assert customers(query) == 1


def test_key_of_older_code_is_replayed(bank: Bank, query: Query) -> None:
    """It hashed the body as it was sent."""
    body = b'{ "name": "Jane Roe" }'
    first = bank.api("POST", "/customer/data", raw=body, headers={"Idempotency-Key": "k"})
    sent = b"POST /customer/data\n" + body
    query("UPDATE idempotency_keys SET request_hash = %(h)s", h=hashlib.sha256(sent).hexdigest())

    again = bank.api("POST", "/customer/data", raw=body, headers={"Idempotency-Key": "k"})

    assert (again.status, again.body) == (201, first.body)
    assert post(bank.api, "k", name="Richard Roe").status == 409
    assert customers(query) == 1


def test_another_endpoint_is_another_request(bank: Bank) -> None:
    post(bank.api, "k", "/events/resend", period_in_days=1)

    assert post(bank.api, "k", "/events/redeliver", period_in_days=1).status == 409


def test_keys_belong_to_their_consumer(make_bank: MakeBank, query: Query) -> None:
    one, other = make_bank(), make_bank()

    replies = [post(bank.api, "k", name="Jane Roe") for bank in (one, other)]

    assert [reply.status for reply in replies] == [201, 201]
    assert replies[0].data["customer_id"] != replies[1].data["customer_id"]
    assert customers(query) == 2


def test_api_key_is_no_idempotency_key(bank: Bank) -> None:
    """It would stand in the database for a day, as it is."""
    for key in (str(bank.api.key), f"retry-{bank.api.key}"):
        reply = post(bank.api, key, name="Jane Roe")

        assert reply.status == 422
        assert key not in str(reply.body)


@pytest.mark.parametrize("key", ["k", "k" * 255, "a key with spaces", "ключ", "'; --"])
def test_any_printable_key_is_taken(bank: Bank, key: str) -> None:
    assert post(bank.api, key, name="Jane Roe").status == 201
    assert post(bank.api, key, name="Jane Roe").headers["Idempotency-Replayed"] == "true"


def test_refused_request_leaves_no_key(bank: Bank, query: Query) -> None:
    assert post(bank.api, "k", name="").status == 422
    assert post(bank.api, "k", "/customer/analytics", customer_id=str(uuid.uuid4())).status == 404
    assert query("SELECT 1 FROM idempotency_keys") == []

    assert post(bank.api, "k", name="Jane Roe").status == 201


def test_conflict_is_not_kept_either(admin: Api, bank: Bank, query: Query) -> None:
    change = {"consumer_id": bank.consumer_id, "status": "active"}
    assert post(admin, "k", "/consumer/change-status", **change).status == 409
    admin.post("/consumer/change-status", **{**change, "status": "deactivated"})

    assert post(admin, "k", "/consumer/change-status", **change).status == 200


def test_day_old_key_counts_as_absent(bank: Bank, query: Query) -> None:
    post(bank.api, "k", name="Jane Roe")
    query("UPDATE idempotency_keys SET created_at = created_at - interval '24 hours 1 second'")

    reply = post(bank.api, "k", name="John Roe")

    assert reply.status == 201
    assert reply.headers.get("Idempotency-Replayed") is None
    assert customers(query) == 2
    assert post(bank.api, "k", name="John Roe").body == reply.body


def test_key_younger_than_a_day_holds(bank: Bank, query: Query) -> None:
    post(bank.api, "k", name="Jane Roe")
    query("UPDATE idempotency_keys SET created_at = created_at - interval '23 hours 59 minutes'")

    assert post(bank.api, "k", name="Jane Roe").headers["Idempotency-Replayed"] == "true"


def test_simultaneous_reuse_runs_once(bank: Bank, query: Query) -> None:
    post(bank.api, "k", name="Jane Roe")
    query("UPDATE idempotency_keys SET created_at = created_at - interval '25 hours'")

    replies = together([lambda: post(bank.api, "k", name="John Roe")] * 6)

    assert {reply.status for reply in replies} == {201}
    assert len({reply.data["customer_id"] for reply in replies}) == 1
    assert customers(query) == 2


def test_many_at_once_run_once(bank: Bank, query: Query) -> None:
    replies = together([lambda: post(bank.api, "k", name="Jane Roe")] * 8)

    assert {reply.status for reply in replies} == {201}
    assert len({str(reply.body) for reply in replies}) == 1
    assert sum("Idempotency-Replayed" not in reply.headers for reply in replies) == 1
    assert (customers(query), events(query)) == (1, 1)


def test_second_gives_up_on_slow_first(
    bank: Bank, environment: dict[str, str], query: Query, in_flight: object
) -> None:
    with parts_with(environment, DATABASE_LOCK_TIMEOUT_MS="200"):
        reply = post(bank.api, "k", name="Jane Roe")

    assert (reply.status, reply.description) == (409, RUNNING)
    assert customers(query) == 0


@pytest.mark.parametrize(("ends", "status"), [("commit", 409), ("rollback", 201)])
def test_second_request_waits_for_first(
    bank: Bank,
    query: Query,
    in_flight: psycopg2.extensions.connection,
    ends: str,
    status: int,
) -> None:
    """The first committed (its body was another one): refused. It failed: the second runs."""
    done = threading.Event()

    def second() -> Reply:
        try:
            return together([lambda: post(bank.api, "k", name="Jane Roe")])[0]
        finally:
            done.set()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(second)
        eventually(lambda: query(BLOCKED)[0]["count"] == 1, "the second request waiting")
        assert not done.is_set()
        getattr(in_flight, ends)()
        reply = waiting.result(timeout=60)

    assert reply.status == status
    assert customers(query) == (1 if status == 201 else 0)


def test_other_keys_do_not_wait(bank: Bank, in_flight: object) -> None:
    assert post(bank.api, "another", name="Jane Roe").status == 201
    assert bank.api.post("/customer/data", name="John Roe").status == 201


def test_key_creation_refuses_the_header(admin: Api, bank: Bank, query: Query) -> None:
    body = {"consumer_id": bank.consumer_id, "rotate": True}

    reply = post(admin, "k", "/consumer/api-key", **body)

    assert reply.status == 422
    assert reply.description.startswith("Idempotency-Key: is not taken here, ")
    assert query("SELECT 1 FROM idempotency_keys") == []
    assert bank.api.get("/customer/list").status == 200  # and the key was not rotated


def test_other_methods_ignore_the_header(bank: Bank, query: Query) -> None:
    customer_id = bank.create_customer()
    for status, expected in (("INACTIVE", 200), ("INACTIVE", 409)):
        reply = bank.api(
            "PATCH",
            "/customer/change-status",
            {"customer_id": customer_id, "status": status},
            headers={"Idempotency-Key": "k"},
        )
        assert reply.status == expected
    assert query("SELECT 1 FROM idempotency_keys") == []


@pytest.mark.parametrize(
    "path", [r.path for r in POSTS if r.spec is not None and r.spec.idempotency]
)
def test_every_post_replays(bank: Bank, admin: Api, path: str, query: Query) -> None:
    api, body = _valid_request(bank, admin, path, query)

    first, again = (post(api, "k", path, **body) for _ in range(2))

    assert first.status in (200, 201, 202), first
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["Idempotency-Replayed"] == "true"


def _valid_request(
    bank: Bank, admin: Api, path: str, query: Query
) -> tuple[Api, dict[str, object]]:
    customer_id = bank.create_customer()
    (event,) = query(
        "SELECT event_id FROM customer_events WHERE customer_id = %(id)s", id=customer_id
    )
    write_pending(query, bank.consumer_id)
    (head,) = query("SELECT customer_id FROM customer_events WHERE publish_status = 'pending'")
    requests: dict[str, tuple[Api, dict[str, object]]] = {
        "/consumer/change-status":
            (admin, {"consumer_id": bank.consumer_id, "status": "deactivated"}),
        "/consumer/data": (admin, {"consumer_name": f"bank_{uuid.uuid4().hex[:12]}"}),
        "/consumer/deactivate-api-key": (admin, {"api_key": bank.api.key}),
        "/consumer/export": (bank.api, {}),
        "/consumer/format": (
            admin, {"consumer_id": bank.consumer_id, "message_format": "xml"}),
        "/consumer/offboard": (
            admin, {"consumer_id": bank.consumer_id, "reason": "it leaves"}),
        "/customer/analytics": (bank.api, {"customer_id": customer_id}),
        "/customer/data": (bank.api, {"name": "Jane Roe"}),
        "/customer/erase": (bank.api, {"customer_id": customer_id, "reason": "a test"}),
        "/customer/tag": (
            bank.api, {"customer_id": customer_id, "tag_keys": ["k"], "tag_values": ["v"]}),
        "/dead-letters/requeue":
            (admin, {"dead_letter_ids": [keep_letter(query, bank)], "reason": "a test"}),
        "/dead-letters/resolve":
            (admin, {"dead_letter_ids": [keep_letter(query, bank)], "reason": "a test"}),
        "/events/confirm-delivery":
            (bank.api, {"event_id": event["event_id"], "status": "processed"}),
        "/events/redeliver": (bank.api, {"period_in_days": 1}),
        "/events/resend": (bank.api, {"period_in_days": 1}),
        "/events/rewind": (
            admin,
            {"consumer_id": bank.consumer_id, "reason": "lost", "include_processed": True,
             "from": "2026-01-01T00:00:00Z"},
        ),
        "/replay/change-status": (
            bank.api, {"job_id": bank.api.post("/replay/data").data["job_id"], "action": "pause"}),
        "/replay/data": (bank.api, {"event_ids": [event["event_id"]]}),
        "/events/skip-head": (admin, {"customer_id": head["customer_id"], "reason": "poison"}),
    }  # fmt: skip
    assert path in requests, f"POST {path} is new: say here what it takes"
    return requests[path]
