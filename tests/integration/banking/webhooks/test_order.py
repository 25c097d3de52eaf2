"""At most one event of a customer is under way, whatever workers and receivers do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from chalicelib.banking import wiring
from chalicelib.banking.webhooks.book import Calls
from chalicelib.banking.webhooks.sending import Sender
from chalicelib.banking.wiring import Parts
from tests.integration.banking.webhooks.conftest import deliver
from tests.support.api import Api
from tests.support.banking import parts_with, together
from tests.support.fixtures import Query
from tests.support.outbox import statuses, write_pending
from tests.support.plans import rows_read
from tests.support.receiver import Got, Receiver, receiving
from tests.support.waiting import eventually
from tests.support.webhooks import Called


class UnderWay:
    """Counts the calls that are not answered yet, in all and of one customer."""

    def __init__(self) -> None:
        self._alone = threading.Lock()
        self._now: dict[str, int] = {}
        self.most = self.most_of_one = 0

    def answer(self, got: Got) -> int:
        customer = got.data["customer_id"]
        with self._alone:
            self._now[customer] = self._now.get(customer, 0) + 1
            self.most = max(self.most, sum(self._now.values()))
            self.most_of_one = max(self.most_of_one, self._now[customer])
        threading.Event().wait(0.005)  # long enough that calls overlap
        with self._alone:
            self._now[customer] -= 1
        return 200


def test_workers_keep_each_customers_order(webhook: Called, query: Query) -> None:
    under_way = UnderWay()
    webhook.receiver.answer = under_way.answer
    write_pending(query, webhook.bank.consumer_id, customers=20, events_each=5)

    counts = together([deliver] * 3)

    assert sum(count.get("delivered", 0) for count in counts) == 100
    assert [*webhook.sequences().values()] == [[1, 2, 3, 4, 5]] * 20
    assert under_way.most_of_one == 1
    assert 1 < under_way.most <= 10


def test_created_meanwhile_arrives_in_order(webhook: Called, query: Query) -> None:
    def change() -> None:
        customer = webhook.bank.create_customer()
        for status in ("INACTIVE", "ACTIVE", "INACTIVE"):
            changed = webhook.bank.api.patch(
                "/customer/change-status", customer_id=customer, status=status
            )
            assert changed.status == 200, changed

    def run() -> None:
        deliver()

    together([change, run, change, run, change, change])
    deliver()

    assert [*webhook.sequences().values()] == [[1, 2, 3, 4]] * 4
    assert statuses(query, webhook.bank.consumer_id) == {"published": 16}


def test_refused_event_holds_its_customer(webhook: Called, query: Query) -> None:
    write_pending(query, webhook.bank.consumer_id, customers=3, events_each=2)
    (refused,) = query(
        "SELECT customer_id FROM customer_events WHERE consumer_id = %(id)s LIMIT 1",
        id=webhook.bank.consumer_id,
    )
    bad = refused["customer_id"]
    webhook.receiver.answer = lambda got: 422 if _is_first_of(got, bad) else 200

    assert deliver() == {"delivered": 5, "refused": 10}

    sequences = dict(webhook.sequences())
    assert sequences.pop(str(bad)) == [1] * 10 + [2]
    assert [*sequences.values()] == [[1, 2], [1, 2]]
    (first, second) = query(
        "SELECT publish_status, publish_try_count, publish_failure_reason FROM customer_events"
        " WHERE customer_id = %(id)s ORDER BY sequence",
        id=bad,
    )
    assert (first["publish_status"], first["publish_try_count"]) == ("failed", 10)
    assert first["publish_failure_reason"] == "{}"
    assert second["publish_status"] == "published"
    attempts = query("SELECT by, outcome FROM event_attempts")
    assert attempts == [{"by": "webhook", "outcome": "refused"}] * 10


def _is_first_of(got: Got, customer_id: object) -> bool:
    return (got.data["customer_id"], got.json["metadata"]["sequence"]) == (customer_id, 1)


def test_waits_between_tries_grow(
    webhook: Called, query: Query, environment: dict[str, str]
) -> None:
    write_pending(query, webhook.bank.consumer_id)
    webhook.receiver.answer = lambda _got: 422
    seen = []
    with parts_with(environment, WEBHOOK_RETRY_SECONDS="100,200,400") as patient:
        for _ in range(4):
            patient.webhooks().run()
            (turn,) = query(
                "SELECT extract(epoch FROM next_attempt_at - now())::float8 AS s FROM webhook_turns"
            )
            seen.append(float(str(turn["s"])))
            query("UPDATE webhook_turns SET next_attempt_at = now()")
        patient.webhooks().close()

    for waited, asked in zip(seen, (100, 200, 400, 400), strict=True):
        assert 0.7 * asked < waited <= 1.2 * asked


def test_given_up_event_lets_the_next_go(
    webhook: Called, query: Query, admin: Api, environment: dict[str, str]
) -> None:
    write_pending(query, webhook.bank.consumer_id, events_each=2)
    webhook.receiver.answer = lambda got: 422 if got.json["metadata"]["sequence"] == 1 else 200
    with parts_with(environment, WEBHOOK_RETRY_SECONDS="3600") as patient:
        patient.webhooks().run()
        patient.webhooks().close()
    assert [*webhook.sequences().values()] == [[1]]

    (customer,) = webhook.sequences()
    skipped = admin.post("/events/skip-head", customer_id=customer, reason="its bank refuses it")
    assert skipped.status == 200, skipped

    assert deliver() == {"delivered": 1}
    assert webhook.sequences()[customer] == [1, 2]


def test_copies_spend_no_try_of_another(
    webhook: Called, query: Query, environment: dict[str, str]
) -> None:
    """A refused event waits for its next try, whatever else of its customer goes meanwhile."""
    customer = webhook.bank.create_customer()
    deliver()
    webhook.bank.api.patch("/customer/change-status", customer_id=customer, status="INACTIVE")
    webhook.receiver.answer = lambda got: 422 if got.json["metadata"]["sequence"] == 2 else 200
    with parts_with(environment, WEBHOOK_RETRY_SECONDS="3600,7200") as patient:
        patient.webhooks().run()
        for _ in range(3):
            query("UPDATE webhook_copies SET due_at = now()")
            patient.webhooks().run()
        assert webhook.sequences()[customer] == [1, 2, 1, 1, 1]

        query(
            "UPDATE customer_events SET publish_last_tried_at = now() - interval '3601 seconds'"
            " WHERE customer_id = %(id)s AND sequence = 2",
            id=customer,
        )
        patient.webhooks().run()
        patient.webhooks().run()
        patient.webhooks().close()
    assert webhook.sequences()[customer] == [1, 2, 1, 1, 1, 2]


def test_backlog_of_a_closed_lane_is_not_read(webhook: Called, query: Query) -> None:
    write_pending(query, webhook.bank.consumer_id, customers=2_000, events_each=2)
    query("UPDATE webhooks SET state = 'failing', open_until = now() + interval '5 minutes'")
    query("ANALYZE customer_events, webhooks, webhook_turns, webhook_copies, consumers")

    with rows_read({"due", "wait"}) as read:
        wait = _book().wait()

    assert wait is not None
    assert 200 < wait <= 300
    assert max(read.values()) < 100, read


def test_waits_for_what_becomes_due(webhook: Called, query: Query) -> None:
    """The next try of an event, the opening of its lane, and a copy."""
    assert _book().wait() is None
    write_pending(query, webhook.bank.consumer_id)
    assert _book().wait() == 0
    webhook.receiver.answer = lambda _got: 422
    (lane,) = _book().due()
    (batch,) = _book().claim(lane, 1)
    assert _book().wait() is None, "somebody sends it"
    query("UPDATE webhooks SET open_until = now() + interval '100 seconds'")
    assert _is_about(_book().wait(), 100)
    query("UPDATE webhooks SET open_until = NULL")
    _book().write_back([_sender().send(batch)])
    query("UPDATE webhook_turns SET next_attempt_at = now() + interval '200 seconds'")
    assert _is_about(_book().wait(), 200)
    query(
        "INSERT INTO webhook_copies (event_id, consumer_id, customer_id, sequence, due_at)"
        " SELECT event_id, consumer_id, gen_random_uuid(), 1, now() + interval '50 seconds'"
        " FROM customer_events WHERE consumer_id = %(id)s",
        id=webhook.bank.consumer_id,
    )
    assert _is_about(_book().wait(), 50)
    query("UPDATE webhooks SET open_until = 'infinity'")
    assert _book().wait() is None


def _is_about(wait: float | None, seconds: float) -> bool:
    return wait is not None and seconds - 30 < wait <= seconds


def test_dead_worker_costs_one_more_call(webhook: Called, query: Query) -> None:
    customer = webhook.bank.create_customer()
    (lane,) = (calls := _book()).due()
    (batch,) = calls.claim(lane, 1)  # and the process dies
    webhook.bank.api.patch("/customer/change-status", customer_id=customer, status="INACTIVE")

    assert deliver() == {}
    query("UPDATE webhook_turns SET lease_until = now(), next_attempt_at = now()")

    assert deliver() == {"delivered": 2}
    assert webhook.receiver.got[0].headers["webhook-id"] == batch.rows[0]["event_id"]
    assert webhook.sequences() == {customer: [1, 2]}


def test_lost_lease_writes_nothing(webhook: Called, query: Query) -> None:
    webhook.bank.create_customer()
    calls = _book()
    (lane,) = calls.due()
    (batch,) = calls.claim(lane, 1)
    query("UPDATE webhook_turns SET lease_until = now(), next_attempt_at = now()")
    (taken_over,) = calls.claim(lane, 1)

    calls.write_back([_sender().send(batch)])

    assert statuses(query, webhook.bank.consumer_id) == {"pending": 1}
    calls.write_back([_sender().send(taken_over)])
    assert statuses(query, webhook.bank.consumer_id) == {"published": 1}
    assert len({got.headers["webhook-id"] for got in webhook.receiver.got}) == 1


def test_runs_share_the_bound(make_webhook: Callable[..., Called], query: Query) -> None:
    """A run leases ahead, and another counts each of its leases as a call."""
    webhook = make_webhook(max_in_flight=3)
    write_pending(query, webhook.bank.consumer_id, customers=40)
    one, other = (replace(_book()) for _ in range(2))
    (lane,) = one.due()

    batches = one.claim(lane, 100)

    assert (lane["concurrency"], len(batches)) == (3, 5 * 3)
    (others_lane,) = other.due()
    assert others_lane["concurrency"] == 1  # for a test event
    assert other.claim(others_lane, 100) == []
    one.write_back([_sender().send(batch) for batch in batches[2:]])
    others_batches = other.claim(others_lane, 100)
    assert (others_lane["concurrency"], len(others_batches)) == (1, 5)
    assert [each["concurrency"] for each in one.due()] == [1]  # of those that it still has
    other.release(others_batches)
    assert [each["concurrency"] for each in one.due()] == [3]
    assert len(one.claim(lane, 100)) == 5 * 3 - 2


def test_hanging_bank_delays_no_other(
    webhook: Called,
    make_webhook: Callable[..., Called],
    environment: dict[str, str],
    query: Query,
) -> None:
    let_go = threading.Event()
    with receiving() as slow:
        allowed = f"{environment['WEBHOOK_ALLOW_HOSTS']},{slow.allowed}"
        with parts_with(environment, WEBHOOK_ALLOW_HOSTS=allowed) as parts:
            hanging = _hanging(make_webhook, slow, let_go)
            write_pending(query, hanging.bank.consumer_id, customers=50)
            write_pending(query, webhook.bank.consumer_id, customers=50)
            run = threading.Thread(target=_run_and_close, args=(parts,))
            run.start()
            try:
                eventually(lambda: statuses(query, webhook.bank.consumer_id) == {"published": 50})
                assert len(slow.got) < 50
            finally:
                let_go.set()
                run.join()
            parts.webhooks().close()


def _hanging(make: Callable[..., Called], slow: Receiver, until: threading.Event) -> Called:
    def answer(_got: Got) -> int:
        until.wait(30)
        return 200

    slow.answer = answer
    return make(slow)


def _run_and_close(parts: Parts) -> None:
    parts.webhooks().run()
    parts.close()


def _book() -> Calls:
    return wiring.parts().webhooks().book


def _sender() -> Sender:
    return wiring.parts().webhooks().sender
