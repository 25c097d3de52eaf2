"""What is accepted: committed first, once, in order, and published with all that is known of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from chalicelib.appevents import wiring
from local.services.amqp import channel_on
from tests.integration.appevents.conftest import Reply, User, event
from tests.support.plans import rows_read
from tests.support.schedules import run_schedule
from tests.support.threads import at_once

EVENTS, BATCH = "/api/v1/notify/events", "/api/v1/notify/events/batch"
EVENT = "/api/v1/notify/events/{client_generated_id}"
NOTE = {"machine_id": "leg-press-2", "body": "Seat on 4"}
BROKERS_OWN = {"x-delivery-count"}
Query = Callable[..., list[dict[str, Any]]]


def messages(running: wiring.Parts, queue: str = "app.machine") -> list[tuple[Any, dict[str, Any]]]:
    """What a queue has, oldest first: the properties and the body of each."""
    found = []
    with channel_on(running.settings.app_rabbitmq_url) as channel:
        while True:
            _, properties, body = channel.basic_get(queue, auto_ack=True)
            if properties is None or body is None:
                return found
            found.append((properties, json.loads(body)))


def test_message_says_all_that_is_known(running: wiring.Parts, user: User) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    sent = event("machine.note.saved", NOTE)
    headers = {"traceparent": trace, "X-Request-Id": "request-1"}
    headers["X-Client-Time"] = "2026-11-26T10:00:10Z"
    assert user.call("POST", EVENTS, sent, headers).status == 202

    ((properties, body),) = messages(running)

    told = {"schema_version": "1.0.0", "source_service": "frontend", "user_id": user.id}
    assert body == {**sent, **told, "timestamp": "2026-11-26T10:00:00.000000Z"}
    assert (properties.message_id, properties.type) == (
        sent["client_generated_id"],
        sent["event_type"],
    )
    assert (properties.content_type, properties.app_id) == ("application/json", "frontend")
    assert properties.delivery_mode == 2
    known = {name: each for name, each in properties.headers.items() if name not in BROKERS_OWN}
    times = known.pop("received_at"), known.pop("effective_at")
    assert times[1] < times[0]
    assert known == {
        "schema_version": "1.0.0",
        "user_id": user.id,
        "sequence": 1,
        "request_id": "request-1",
        "traceparent": trace,
        "x-attempt": 0,
    }


def test_state_has_its_fields(user: User, settle: Callable[[str], None]) -> None:
    told = user.tell("machine.note.saved", NOTE)
    waits = user.call("GET", EVENT, client_generated_id=told)
    assert waits.headers["Retry-After"] == "1"
    assert waits.data == {
        "client_generated_id": told,
        "event_type": "machine.note.saved",
        "status": "published",
        "accepted_at": waits.data["accepted_at"],
        "outcome": None,
        "reason": None,
    }
    settle("machine")

    done = user.call("GET", EVENT, client_generated_id=told)

    assert "Retry-After" not in done.headers
    assert done.data["outcome"].keys() == {"event_type", "data", "at"}
    several = user.call("POST", f"{EVENTS}/status", {"ids": [told]})
    assert several.data == {"events": [done.data]}


def test_others_events_look_like_none(make_user: Callable[[], User]) -> None:
    owner, other = make_user(), make_user()
    told = owner.tell("machine.note.saved", NOTE)

    theirs = other.call("GET", EVENT, client_generated_id=told)
    nobodys = other.call("GET", EVENT, client_generated_id=str(uuid.uuid4()))

    assert theirs[:3] == nobodys[:3]
    assert theirs.status == 404
    assert other.call("POST", f"{EVENTS}/status", {"ids": [told]}).data == {"events": []}


def test_event_waits_for_the_broker(
    user: User, running: wiring.Parts, environment: dict[str, str], query: Query
) -> None:
    away = wiring.build({**environment, "APP_RABBITMQ_URL": "amqp://x:x@127.0.0.1:1/app"})
    wiring.use(away)
    told = [user.tell("machine.note.saved", NOTE) for _ in range(3)]
    assert {user.state(each)["status"] for each in told} == {"accepted"}
    again = user.call("POST", EVENTS, event("machine.note.saved", NOTE, told[0]))
    assert again.data["duplicate"] is True
    away.close()
    wiring.use(running)
    query("notify", "UPDATE events SET received_at = received_at - interval '1 minute'")

    run_schedule("app_resend")

    assert [body["client_generated_id"] for _, body in messages(running)] == told
    assert {user.state(each)["status"] for each in told} == {"published"}


def test_events_at_once_keep_their_order(user: User, running: wiring.Parts, query: Query) -> None:
    def single() -> Reply:
        return user.call("POST", EVENTS, event("machine.note.saved", NOTE))

    def several() -> Reply:
        events = [event("machine.note.saved", NOTE) for _ in range(5)]
        return user.call("POST", BATCH, {"events": events})

    replies = at_once([single, several] * 6, wiring.parts().close)

    assert {reply.status for reply in replies} == {200, 202}
    rows = query("notify", "SELECT sequence FROM events ORDER BY id")
    assert sorted(row["sequence"] for row in rows) == list(range(1, 37))
    query("notify", "UPDATE events SET received_at = received_at - interval '1 minute'")
    run_schedule("app_resend")
    found = [properties.headers["sequence"] for properties, _ in messages(running)]
    assert list(dict.fromkeys(found)) == list(range(1, 37))


def test_batches_that_overlap_are_answered(user: User, query: Query) -> None:
    """Tabs without a lock send what the others send, in other batches."""
    events = [event("machine.note.saved", NOTE) for _ in range(12)]

    def send(number: int) -> Reply:
        own = [each for place, each in enumerate(events) if place % 4 != number % 4]
        return user.call("POST", BATCH, {"events": own})

    replies = at_once([partial(send, number) for number in range(8)], wiring.parts().close)

    assert {reply.status for reply in replies} == {200}
    statuses = [each["status"] for reply in replies for each in reply.data["results"]]
    assert (statuses.count("accepted"), len(statuses)) == (12, 72)
    assert set(statuses) == {"accepted", "duplicate"}
    rows = query("notify", "SELECT sequence FROM events ORDER BY sequence")
    assert [row["sequence"] for row in rows] == list(range(1, 13))


def test_ten_events_cost_as_much_as_one(
    user: User, environment: dict[str, str], query: Query
) -> None:
    bounds = {"APP_RATE_LIMIT_USER_BURST": "12", "APP_RATE_LIMIT_USER_PER_MINUTE": "1"}
    few = wiring.build({**environment, **bounds})
    wiring.use(few)

    def send(count: int) -> Reply:
        events = [event("machine.note.saved", NOTE) for _ in range(count)]
        return user.call("POST", BATCH, {"events": events})

    assert [send(count).status for count in (10, 1, 100, 1)] == [200, 200, 200, 429]
    query("notify", "DELETE FROM events")
    refused = send(100)

    few.close()
    assert (refused.status, int(refused.headers["Retry-After"]) > 0) == (429, True)
    assert query("notify", "SELECT 1 FROM events") == []


def test_outcome_of_nobodys_event_is_counted(
    user: User,
    running: wiring.Parts,
    tell: Callable[..., str],
    settle: Callable[[str], None],
    left_in: Callable[[str], int],
) -> None:
    def counted() -> float:
        return sum(
            float(value)
            for name, value in (running.metrics.read() or {}).items()
            if "outcomes_unknown_total" in name and "machine.note.persisted" in name
        )

    before = counted()
    tell(user, "machine.note.saved", NOTE)
    settle("machine")

    assert counted() - before == 1
    assert left_in("app.notification.dlq") == 0


LISTED = """
INSERT INTO events (user_id, client_generated_id, event_type, sequence, payload, content_hash, told_at,
                    effective_at, received_at, request_id, publish_status, outcome_status)
SELECT owner, gen_random_uuid(), 'machine.note.saved', n, '{}', '', now(), now(),
       now() - make_interval(secs => n), '',
       CASE WHEN n %% CASE WHEN owner = %(user)s THEN 100 ELSE 10 END = 1 THEN 'pending'
            ELSE 'published' END,
       CASE WHEN n %% 100 > 3 THEN 'processed' WHEN n %% 100 = 3 THEN 'rejected' END
FROM generate_series(1, 4000) AS n,
     (SELECT gen_random_uuid() AS owner
      FROM generate_series(1, 4)
      UNION ALL
      SELECT %(user)s::uuid) AS owners
"""
STATUSES = ["processed", "rejected", "published", "accepted"]


def test_list_reads_its_page_only(user: User, query: Query) -> None:
    """Also of a status that one event in a hundred has, and whatever others have waiting."""
    query("notify", LISTED, user=user.id)
    query("notify", "ANALYZE events")
    for wanted in ({}, *({"status": status} for status in STATUSES)):
        with rows_read({"list"}) as visited:
            first = user.call("GET", EVENTS, query={**wanted, "limit": 10}).data
            asked = {**wanted, "limit": 10, "cursor": first["next_cursor"]}
            rest = user.call("GET", EVENTS, query=asked).data

        listed = first["events"] + rest["events"]
        ids = [each["client_generated_id"] for each in listed]
        assert len(set(ids)) == len(ids) == 20
        assert {each["status"] for each in listed} <= {*(wanted.values() or STATUSES)}
        assert visited["list"] <= 130, wanted  # of few rows with a status it may read all
