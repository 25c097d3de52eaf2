"""What operators see and do: dead letters, accounts, gauges, and the purge."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pika
import pytest

from chalicelib.appevents import wiring
from chalicelib.appevents.machine import consume
from chalicelib.appevents.ops.gauges import gauges
from chalicelib.appevents.ops.sweeping import LettersStuck
from fintegrate.access.caller import Caller
from fintegrate.access.passes import Passes
from fintegrate.in_turn import Incomplete
from fintegrate.messaging.inbox import Rejected
from fintegrate.metrics import Counted
from local.services.amqp import channel_on
from tests.integration.appevents.conftest import Reply, User
from tests.integration.appevents.posts import PostMaker
from tests.support.schedules import run_schedule

LETTERS = "/api/v1/ops/dead-letters"
REDRIVE, RECONCILE = f"{LETTERS}/redrive", "/api/v1/ops/reconcile"
NOTE = {"machine_id": "leg-press-2", "body": "Seat on 4"}
Query = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def operator(user: User, environment: dict[str, str]) -> Callable[..., Reply]:
    headers = {"Authorization": "", "X-API-Key": environment["ADMIN_API_KEY"]}
    return lambda *arguments, **more: user.call(*arguments, headers=headers, **more)


@pytest.fixture
def run(running: wiring.Parts) -> Callable[[str], Any]:
    """Runs a schedule once."""
    assert running
    return run_schedule


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """A handler that rejects every note, until the list is emptied."""
    is_broken, real = [True], consume.HANDLERS["machine.note.saved"]

    def save(*arguments: Any) -> Any:
        if is_broken:
            raise Rejected("no_room", "the machine has no room")
        return real(*arguments)

    monkeypatch.setitem(consume.HANDLERS, "machine.note.saved", save)
    return is_broken


def put(running: wiring.Parts, queue: str, body: bytes, **properties: Any) -> None:
    with channel_on(running.settings.app_rabbitmq_url) as channel:
        channel.basic_publish("", queue, body, pika.BasicProperties(**properties), mandatory=True)


def test_redriven_letter_is_processed(
    user: User,
    operator: Callable[..., Reply],
    run: Callable[[str], Any],
    settle: Callable[[str], None],
    broken: list[bool],
    query: Query,
    left_in: Callable[[str], int],
) -> None:
    told = user.tell("machine.note.saved", NOTE)
    settle("machine")
    assert user.state(told)["reason"] == "no_room"
    assert run("app_sweep_dead_letters") == {"kept": 1}
    assert left_in("app.machine.dlq") == 0

    (letter,) = operator("GET", LETTERS).data["dead_letters"]
    assert (letter["client_generated_id"], letter["user_id"]) == (told, user.id)
    assert (letter["error_code"], letter["service"]) == ("no_room", "machine")
    assert letter["error"] == "the machine has no room"
    assert "body" not in letter
    broken.clear()
    done = operator("POST", REDRIVE, {"ids": [letter["dead_letter_id"]]})
    assert (done.status, done.data) == (200, {"redriven": 1, "left": 0})
    settle("machine")

    assert user.state(told)["status"] == "processed"
    assert len(query("machine", "SELECT 1 FROM machine_notes")) == 1
    (key,) = query("machine", "SELECT outcome FROM idempotency_keys")
    assert key == {"outcome": "processed"}
    assert operator("GET", LETTERS).data["dead_letters"][0]["redriven_at"]
    assert operator("POST", REDRIVE, {"service": "machine"}).data == {"redriven": 0, "left": 0}


def test_letter_that_dies_again_comes_back(
    user: User,
    operator: Callable[..., Reply],
    run: Callable[[str], Any],
    settle: Callable[[str], None],
    broken: list[bool],
    query: Query,
) -> None:
    told = user.tell("machine.note.saved", NOTE)
    for _ in range(2):
        settle("machine")
        run("app_sweep_dead_letters")
        operator("POST", REDRIVE, {"service": "machine"})
    settle("machine")
    run("app_sweep_dead_letters")

    (letter,) = operator("GET", LETTERS, query={"service": "machine"}).data["dead_letters"]
    assert (letter["deaths"], letter["redriven_at"], letter["attempt"]) == (3, None, 0)
    assert user.state(told)["status"] == "rejected"
    assert len(query("machine", "SELECT 1 FROM idempotency_keys")) == 1


def test_redrive_leaves_the_brokers_headers(
    running: wiring.Parts,
    operator: Callable[..., Reply],
    run: Callable[[str], Any],
) -> None:
    headers = {
        "x-attempt": 5,
        "x-death": [{"reason": "delivery_limit", "count": 1, "queue": "app.machine"}],
        "x-error": "forged",
        "CC": ["app.video"],
        "kept": "é",
    }
    put(running, "app.machine.dlq", b"no json", headers=headers, message_id="1")
    run("app_sweep_dead_letters")

    assert operator("POST", REDRIVE, {"service": "machine"}).data["redriven"] == 1

    with channel_on(running.settings.app_rabbitmq_url) as channel:
        _, properties, body = channel.basic_get("app.machine", auto_ack=True)
    assert body == b"no json"
    said = {k: v for k, v in properties.headers.items() if k != "x-delivery-count"}
    assert said == {"x-attempt": 0, "x-redriven": 1, "kept": "é"}
    assert properties.message_id == "1"


def bring_back(running: wiring.Parts, queue: str, left_in: Callable[[str], int]) -> int:
    """Lets a queue's message come back until the broker gives it up; returns how often it came."""
    deliveries = 0
    with channel_on(running.settings.app_rabbitmq_url) as channel:
        while left_in(f"{queue}.dlq") == 0:
            method, _, _ = channel.basic_get(queue)
            if method is None:
                channel.connection.sleep(0.05)  # between its deliveries, and on its way
                continue
            deliveries += 1
            channel.basic_nack(method.delivery_tag or 0, requeue=True)
    return deliveries


def test_event_that_the_broker_gives_up_is_rejected(
    running: wiring.Parts,
    user: User,
    operator: Callable[..., Reply],
    settle: Callable[[str], None],
    run: Callable[[str], Any],
    left_in: Callable[[str], int],
) -> None:
    told = user.tell("machine.note.saved", NOTE)

    assert bring_back(running, "app.machine", left_in) == 21
    assert user.state(told)["status"] == "published"
    assert run("app_sweep_dead_letters") == {"kept": 1}

    state = user.state(told)
    assert (state["status"], state["reason"]) == ("rejected", "gave_up")
    assert state["outcome"]["event_type"] == "event.rejected"
    assert state["outcome"]["data"]["event_type"] == "machine.note.saved"
    (letter,) = operator("GET", LETTERS).data["dead_letters"]
    assert letter["error_code"] == "delivery_limit"
    assert operator("GET", RECONCILE).data["balanced"] is True
    assert operator("POST", REDRIVE, {"service": "machine"}).data["redriven"] == 1
    settle("machine")
    assert user.state(told)["status"] == "processed"
    assert operator("GET", RECONCILE).data["balanced"] is True


def test_applied_event_is_not_given_up(
    running: wiring.Parts,
    user: User,
    settle: Callable[[str], None],
    run: Callable[[str], Any],
    query: Query,
) -> None:
    """Its batch came back after it was applied, for a neighbour's sake."""
    told = user.tell("machine.note.saved", NOTE)
    settle("machine")
    given_up(running, user, told)

    run("app_sweep_dead_letters")
    assert user.state(told)["status"] == "processed"

    query("notify", "UPDATE events SET outcome_status = NULL, outcome_event_type = NULL")
    given_up(running, user, told)
    run("app_sweep_dead_letters")
    assert user.state(told)["status"] == "rejected"
    query("machine", "UPDATE outbox SET publish_status = 'pending', failure_reason = 'lost'")
    query("notify", "DELETE FROM idempotency_keys")
    run("app_resend")
    settle("machine")
    assert user.state(told)["status"] == "processed"


def test_database_away_stops_no_other(
    running: wiring.Parts,
    environment: dict[str, str],
    user: User,
    settle: Callable[[str], None],
    query: Query,
) -> None:
    """The services before and after it are sent from all the same."""
    told = user.tell("machine.note.saved", NOTE)
    settle("machine")
    query("machine", "UPDATE outbox SET publish_status = 'pending', failure_reason = 'lost'")
    away = {"VIDEO_DATABASE_URL": "postgresql://x:x@127.0.0.1:1/x"}
    without = wiring.build({**environment, **away})
    wiring.use(without)
    try:
        with pytest.raises(Incomplete, match="not done: video"):
            run_schedule("app_resend")
    finally:
        without.close()
        wiring.use(running)

    (row,) = query("machine", "SELECT publish_status FROM outbox")
    assert (row["publish_status"], user.state(told)["status"]) == ("published", "processed")


@pytest.mark.parametrize(
    "changed",
    [
        {"event_type": "machine.note.persisted"},
        {"event_type": "comment.created"},
        {"event_type": "unheard.of"},
        {"user_id": "0b3f2d1c-9a57-4f2e-8a6e-6b1f1f0f7d11"},
        {"client_generated_id": "x"},
    ],
    ids=lambda changed: "-".join(changed.values())[:20],
)
def test_other_letters_reject_no_event(
    running: wiring.Parts, user: User, run: Callable[[str], Any], changed: dict[str, str]
) -> None:
    told = user.tell("machine.note.saved", NOTE)
    given_up(running, user, told, **changed)

    run("app_sweep_dead_letters")

    assert user.state(told)["status"] == "published"


def given_up(running: wiring.Parts, user: User, told: str, **changed: str) -> None:
    """Puts a letter there as the broker does."""
    said = {
        "event_type": "machine.note.saved",
        "client_generated_id": told,
        "user_id": user.id,
        "timestamp": "2026-11-26T10:00:00Z",
        "data": NOTE,
        **changed,
    }
    headers = {"x-death": [{"reason": "delivery_limit", "count": 1, "queue": "app.machine"}]}
    put(running, "app.machine.dlq", json.dumps(said).encode(), headers=headers)


@pytest.mark.parametrize(
    ("body", "properties", "code"),
    [
        (b"\xff\0", {}, "unknown"),
        (b"[" * 50_000, {"headers": {"x-death": "forged"}}, "unknown"),
        (b'{"user_id": "\\u0000"}', {"headers": {"x-error-code": "a\0b"}}, "a?b"),
        (b"{}", {"headers": {"x-death": [{"reason": "delivery_limit"}]}}, "delivery_limit"),
        (b"{}", {"headers": {"x-attempt": 2**40, "x-failed-at": "9999-01-01T00:00:00"}}, "unknown"),
        (b"{}", {"headers": {"said": "\\u0000", "more": "\\\0"}}, "unknown"),
        (b'{"event_type": 5}', {"type": "t\u202e", "message_id": "m\0"}, "unknown"),
        (b"{}", {"headers": {"deep": {"a": [{"b": None}]}, "bytes": b"\xff\xfe"}}, "unknown"),
    ],
)
def test_forged_letters_are_kept(
    running: wiring.Parts,
    operator: Callable[..., Reply],
    run: Callable[[str], Any],
    body: bytes,
    properties: dict[str, Any],
    code: str,
) -> None:
    put(running, "app.machine.dlq", body, **properties)
    put(running, "app.machine.dlq", body, **properties)

    assert run("app_sweep_dead_letters") == {"kept": 2}

    (letter,) = operator("GET", LETTERS).data["dead_letters"]
    assert (letter["error_code"], letter["deaths"], letter["attempt"]) == (code, 2, 0)
    assert letter["failed_at"] <= letter["taken_at"]


def test_letters_stay_until_they_are_stored(
    running: wiring.Parts,
    run: Callable[[str], Any],
    left_in: Callable[[str], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(running, "app.machine.dlq", b"1")
    put(running, "app.notification.dlq", b"2")
    database = running.service("notification").request.database
    real = database.execute

    def fail(sql: str, parameters: Any) -> int:
        if isinstance(parameters, dict) and parameters.get("service") == "machine":
            raise RuntimeError("no disk")
        return real(sql, parameters)

    monkeypatch.setattr(database, "execute", fail)
    with pytest.raises(LettersStuck, match="machine"):
        run("app_sweep_dead_letters")
    assert (left_in("app.machine.dlq"), left_in("app.notification.dlq")) == (1, 0)

    monkeypatch.setattr(database, "execute", real)
    assert run("app_sweep_dead_letters") == {"kept": 1}


def test_letters_are_paged(
    running: wiring.Parts, operator: Callable[..., Reply], run: Callable[[str], Any]
) -> None:
    for number in range(5):
        put(running, "app.machine.dlq", str(number).encode())
    run("app_sweep_dead_letters")
    ids, cursor = [], None
    while True:
        wanted = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = operator("GET", LETTERS, query=wanted).data
        ids += [letter["dead_letter_id"] for letter in page["dead_letters"]]
        if (cursor := page["next_cursor"]) is None:
            break

    assert len(set(ids)) == len(ids) == 5
    assert operator("GET", LETTERS, query={"service": "notification"}).data["dead_letters"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ids": []},
        {"ids": ["x"]},
        {"ids": [str(uuid.uuid4())], "service": "machine"},
        {"service": "none"},
        {"more": 1},
    ],
)
def test_wrong_redrives_are_refused(operator: Callable[..., Reply], body: dict[str, Any]) -> None:
    assert operator("POST", REDRIVE, body).status == 422


def test_unknown_letters_are_nobodys(operator: Callable[..., Reply]) -> None:
    done = operator("POST", REDRIVE, {"ids": [str(uuid.uuid4())]})

    assert done.data == {"redriven": 0, "left": 0}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", LETTERS), ("POST", REDRIVE), ("GET", RECONCILE)]
)
def test_only_operators_may(
    user: User, environment: dict[str, str], method: str, path: str
) -> None:
    body = {"service": "machine"} if method == "POST" else None
    key = environment["ADMIN_API_KEY"]

    assert user.call(method, path, body).status == 403
    for wrong in (key[:-1] + ("0" if key[-1] != "0" else "1"), "fk_", ""):
        reply = user.call(method, path, body, headers={"Authorization": "", "X-API-Key": wrong})
        assert (reply.status, reply.data) == (401, {})


@pytest.mark.parametrize("read_only", [False, True])
def test_console_opens_operators_endpoints(
    user: User, environment: dict[str, str], read_only: bool
) -> None:
    """And no user's."""
    passes = Passes("CONSOLE_PASS_KEY", environment["CONSOLE_PASS_KEY"])
    ann = Caller(
        "a", "a", "a", True, actor="Ann", session_id=str(uuid.uuid4()), read_only=read_only
    )
    headers = {"Authorization": "", "X-Console-Pass": passes.issue("appevents", ann).token}
    of_relay = {**headers, "X-Console-Pass": passes.issue("relay", ann).token}

    assert user.call("GET", LETTERS, headers=headers).status == 200
    assert user.call("GET", LETTERS, headers=of_relay).status == 401
    assert user.call("GET", "/api/v1/notify/events", headers=headers).status == 401
    act = {"service": "machine", "reason": "mended"}
    done = user.call("POST", REDRIVE, act, headers=headers)
    assert done.status == (403 if read_only else 200)


def test_accounts_are_balanced(
    user: User,
    operator: Callable[..., Reply],
    settle: Callable[[str], None],
    query: Query,
) -> None:
    for _ in range(2):
        user.tell("machine.note.saved", NOTE)
    taken = user.tell("machine.note.saved", NOTE)
    query("machine", "UPDATE machine_notes SET user_id = gen_random_uuid()")
    settle("machine")
    user.tell("machine.note.saved", NOTE)

    report = operator("GET", RECONCILE).data

    own = {each["service"]: each for each in report["services"]}["machine"]
    assert report["balanced"] is True
    assert (own["accepted"], own["processed"], own["rejected"], own["under_way"]) == (4, 3, 0, 1)
    assert (own["keys"], own["outcomes_pending"], own["unpublished"]) == (3, 0, 0)
    assert own["oldest_under_way"]
    assert user.state(taken)["status"] == "processed"

    query("machine", "DELETE FROM idempotency_keys")
    assert operator("GET", RECONCILE, query={"days": 1}).data["balanced"] is False


def test_accounts_leave_services_events_out(
    operator: Callable[..., Reply], user: User, query: Query
) -> None:
    """Else those that a service has ended would hide that outcomes are told which it does not know."""
    for event_type in ("feed.visibility.changed", "media.processed", "comment.created"):
        query(
            "video",
            "INSERT INTO idempotency_keys (user_id, client_generated_id, event_type, outcome)"
            " VALUES (%(user)s, gen_random_uuid(), %(type)s, 'processed')",
            user=user.id,
            type=event_type,
        )

    report = operator("GET", RECONCILE).data

    assert {each["service"]: each["keys"] for each in report["services"]}["video"] == 1


@pytest.mark.parametrize(
    ("count", "spoiled"),
    [
        ("like_count", "UPDATE feed_posts SET like_count = like_count + 1"),
        ("like_count", "DELETE FROM likes WHERE target_type = 'comment'"),
        ("comment_count", "UPDATE feed_posts SET comment_count = 0"),
        ("reply_count", "UPDATE comments SET reply_count = 3 WHERE parent_id IS NULL"),
    ],
)
def test_counts_that_differ_are_told(
    user: User,
    operator: Callable[..., Reply],
    settle: Callable[[str], None],
    query: Query,
    post_of: PostMaker,
    count: str,
    spoiled: str,
) -> None:
    post, bare = post_of(user.id), post_of(user.id)
    top = user.tell("comment.created", {"post_id": post, "body": "Nice!"})
    reply = user.tell("comment.created", {"post_id": post, "parent_id": top, "body": "Yes"})
    gone = user.tell("comment.created", {"post_id": post, "parent_id": reply, "body": "No"})
    user.tell("comment.deleted", {"comment_id": gone})
    for kind, target in (("post", post), ("comment", top)):
        user.tell("interaction.liked", {"target_type": kind, "target_id": target})
    settle("video")
    nothing = {"like_count": 0, "comment_count": 0, "reply_count": 0}
    right = operator("GET", RECONCILE).data
    assert (right["balanced"], right["wrong_counts"]) == (True, nothing)

    query(
        "video",
        f"{spoiled}{' WHERE post_id <> %(bare)s' if 'feed_posts' in spoiled else ''}",
        bare=bare,
    )

    wrong = operator("GET", RECONCILE).data
    assert (wrong["balanced"], wrong["wrong_counts"]) == (False, {**nothing, count: 1})


def test_counts_of_an_absent_database_are_null(
    operator: Callable[..., Reply], running: wiring.Parts, environment: dict[str, str]
) -> None:
    away = wiring.build({**environment, "VIDEO_DATABASE_URL": "postgresql://x:x@127.0.0.1:1/none"})
    wiring.use(away)

    report = operator("GET", RECONCILE).data

    away.close()
    assert (report["balanced"], report["wrong_counts"]) == (True, None)


@pytest.fixture
def counted(running: wiring.Parts, monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, ...]]:
    """What this process counts and measures, by family and labels."""
    found: Counter[tuple[str, ...]] = Counter()
    metrics, count, observe = running.metrics, running.metrics.count, running.metrics.observe

    def counting(family: Counted, *labels: str, by: int = 1) -> None:
        found[family.name, *labels] += by
        count(family, *labels, by=by)

    def observing(family: Counted, *labels: str, value: float) -> None:
        found[family.name, *labels] += value > 0
        observe(family, *labels, value=value)

    monkeypatch.setattr(metrics, "count", counting)
    monkeypatch.setattr(metrics, "observe", observing)
    return found


def test_metrics_tell_what_became_of_events(
    user: User,
    running: wiring.Parts,
    pump: Callable[..., dict[str, Any]],
    settle: Callable[[str], None],
    broken: list[bool],
    counted: Counter[tuple[str, ...]],
) -> None:
    """A queue function sends its counts before it returns: in AWS no request of its process follows."""
    user.tell("machine.note.saved", NOTE)
    pump("machine")
    assert running.metrics.pending() == []
    broken.clear()
    user.tell("machine.note.saved", NOTE)
    settle("machine")
    user.tell(
        "workout.created",
        {"program_id": str(uuid.uuid4()), "name": "Legs", "position": 1, "exercises": []},
    )
    pump("program")

    assert counted["events_accepted_total", "machine.note.saved"] == 2
    assert counted["messages_total", "machine", "dead"] == 1
    assert counted["messages_total", "machine", "applied"] == 1
    assert counted["messages_total", "program", "later"] == 1
    assert counted["outcomes_total", "rejected"] == counted["outcomes_total", "processed"] == 1
    assert counted["batch_seconds", "machine"] >= 2
    assert counted["batch_seconds", "program"] == 1
    assert running.metrics.pending() == []


def test_gauges_count_by_age(
    user: User, running: wiring.Parts, run: Callable[[str], Any], query: Query
) -> None:
    for age in ("5 seconds", "5 minutes", "30 minutes", "5 hours", "3 days"):
        told = user.tell("machine.note.saved", NOTE)
        query(
            "notify",
            "UPDATE events SET received_at = now() - %(age)s::interval"
            " WHERE client_generated_id = %(id)s",
            age=age,
            id=told,
        )
    put(running, "app.machine.dlq", b"1")
    run("app_sweep_dead_letters")

    found = {
        family.name: family.values
        for family in gauges(running.service("notification").request.database)
    }

    assert set(found["fintegrate_app_events_unsettled"].values()) == {1.0}
    assert found["fintegrate_app_oldest_unsettled_age_seconds"][()] > 3 * 86_400 - 60
    assert found["fintegrate_app_events_pending"][()] == 0
    assert found["fintegrate_app_dead_letters"][("machine",)] == 1


def _age(query: Query, old: str, waiting: str, rejected: str) -> None:
    """As if 91 days had passed since two of them came, and a day since the others ended."""
    long_ago, day_ago = "now() - interval '91 days'", "now() - interval '25 hours'"
    aged = {
        old: f"received_at = {long_ago}, outcome_at = {long_ago}",
        waiting: f"received_at = {long_ago}",
        rejected: f"outcome_at = {day_ago}",
    }
    for event_id, change in aged.items():
        query(
            "notify", f"UPDATE events SET {change} WHERE client_generated_id = %(id)s", id=event_id
        )
    query("notify", f"UPDATE dead_letters SET taken_at = {day_ago}")
    query("machine", f"UPDATE outbox SET published_at = {day_ago} WHERE id < 3")
    keys = (
        f"UPDATE idempotency_keys SET processed_at = {long_ago} WHERE client_generated_id = %(id)s"
    )
    query("machine", keys, id=old)
    noted = "INSERT INTO inbox_attempts (message, begun_at)"
    query("machine", f"{noted} VALUES ('old', now() - interval '2 days'), ('young', now())")


def test_purge_takes_what_is_past(
    user: User,
    running: wiring.Parts,
    settle: Callable[[str], None],
    run: Callable[[str], Any],
    query: Query,
    broken: list[bool],
) -> None:
    rejected = user.tell("machine.note.saved", NOTE)
    settle("machine")
    run("app_sweep_dead_letters")
    broken.clear()
    old = user.tell("machine.note.saved", NOTE)
    young = user.tell("machine.note.saved", NOTE)
    settle("machine")
    waiting = user.tell("machine.note.saved", NOTE)
    nothing = run("app_purge")
    assert set(nothing.values()) == {0}

    _age(query, old=old, waiting=waiting, rejected=rejected)

    assert run("app_purge") == {
        "idempotency_keys": 1,
        "outbox_secrets": 0,
        "outbox": 2,
        "inbox_attempts": 1,
        "event_secrets": 0,
        "payloads": 2,
        "dead_letter_bodies": 1,
        "dead_letter_secrets": 0,
        "events": 1,
        "dead_letters": 0,
        "audit_rows": 0,
        "feed_access_attempts": 0,
        "viewer_access_attempts": 0,
    }

    rows = query("notify", "SELECT client_generated_id AS id, payload FROM events")
    left = {row["id"]: row["payload"] for row in rows}
    assert left.keys() == {rejected, young, waiting}
    assert (left[rejected], left[young], left[waiting]) == (None, NOTE, NOTE)
    (letter,) = query("notify", "SELECT body, headers FROM dead_letters")
    assert letter == {"body": None, "headers": {}}
    assert user.state(rejected)["status"] == "rejected"
    again = user.call("POST", "/api/v1/notify/events", json.loads(json.dumps(told(rejected))))
    assert (again.status, again.data["duplicate"]) == (202, True)


def test_keys_outlive_short_lived_events(
    user: User,
    environment: dict[str, str],
    settle: Callable[[str], None],
    run: Callable[[str], Any],
    query: Query,
) -> None:
    user.tell("machine.note.saved", NOTE)
    settle("machine")
    aged = "now() - interval '10 days'"
    query("notify", f"UPDATE events SET received_at = {aged}, outcome_at = {aged}")
    query("machine", f"UPDATE idempotency_keys SET processed_at = {aged}")
    short = wiring.build({**environment, "APP_EVENT_DAYS": "7"})
    wiring.use(short)

    gone = run("app_purge")

    short.close()
    assert (gone["events"], gone["idempotency_keys"]) == (1, 0)


def told(event_id: str) -> dict[str, Any]:
    return {
        "event_type": "machine.note.saved",
        "client_generated_id": event_id,
        "timestamp": "2026-11-26T10:00:00Z",
        "data": NOTE,
    }
