"""The inbox with a real broker and database: each letter once, and none costs its neighbours."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

import pika
import psycopg2
import pytest

from fintegrate.database import ConnectionLost, Database
from fintegrate.messaging import inbox as module
from fintegrate.messaging.inbox import NotSettled
from fintegrate.messaging.queue_function import QueueMessage, batch_function
from fintegrate.outcome import Outcome, Result
from local.aws_shapes.lambda_context import LambdaContext
from local.aws_shapes.queue_event import Message, queue_event
from local.services.amqp import channel_on
from local.services.running import RunningServices
from tests.integration.layer.conftest import reused
from tests.integration.layer.dying import StuckInbox
from tests.integration.layer.mail import TABLES, Letter, PostOffice, letter
from tests.support.fixtures import Query
from tests.support.reused_database import ReusedDatabase
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def mail(services: RunningServices) -> Iterator[ReusedDatabase]:
    """A database for letters that come."""
    with reused(services, "mail", TABLES) as database:
        yield database


@pytest.fixture
def database_url(mail: ReusedDatabase) -> str:
    """Instead of one with letters that are sent."""
    return mail.fresh()


@pytest.fixture
def broker(services: RunningServices) -> str:
    return services.urls.rabbitmq_url


@pytest.fixture
def queue(broker: str) -> Iterator[str]:
    """A name of this test's own; its queues are removed."""
    name = f"mail_{uuid.uuid4().hex[:12]}"
    yield name
    with channel_on(broker) as channel:
        for suffix in ("", ".dlq", *(f".retry.{n}" for n in range(1, 6))):
            channel.queue_delete(name + suffix)


@pytest.fixture
def make_office(database_url: str, broker: str, queue: str) -> Iterator[Callable[..., PostOffice]]:
    """Makes processes, as it were, of the same function."""
    made: list[PostOffice] = []

    def make(**options: Any) -> PostOffice:
        bounds = options.pop("bounds", {})
        made.append(PostOffice(Database(database_url, **bounds), broker, queue, **options))
        return made[-1]

    yield make
    for office in made:
        office.close()


@pytest.fixture
def office(make_office: Callable[..., PostOffice]) -> PostOffice:
    office = make_office()
    office.declare()
    return office


class Box:
    """The queues, as the event source and an operator see them."""

    def __init__(self, office: PostOffice) -> None:
        self._office = office
        self.name = office.queues.name

    def post(self, *letters: Letter | bytes, **properties: Any) -> None:
        with channel_on(self._office.broker) as channel:
            for each in letters:
                body = each if isinstance(each, bytes) else json.dumps(each).encode()
                said = {"message_id": None if isinstance(each, bytes) else each["id"]}
                own = pika.BasicProperties(**(said | properties))
                channel.basic_publish("", self.name, body, own, mandatory=True)

    def pump(self, *, redelivered: bool = False, seconds: float = 60) -> dict[str, Any]:
        """Feed the function with what waits, as the event source does."""
        run = batch_function(self.name)(self._office.settle)
        with channel_on(self._office.broker) as channel:
            batch = []
            while True:
                method, properties, body = channel.basic_get(self.name)
                if method is None or properties is None or body is None:
                    break
                again = redelivered or bool(method.redelivered)
                batch.append(Message(body, properties, again, method.delivery_tag))
            if not batch:
                return {"messages": 0}
            event = json.loads(json.dumps(queue_event(self.name, "/", batch)))
            tag = batch[-1].delivery_tag
            try:
                done = run(event, LambdaContext(self.name, seconds))
            except BaseException:
                channel.basic_nack(tag, multiple=True, requeue=True)
                raise
            channel.basic_ack(tag, multiple=True)
            return done

    def settle(self, until: Callable[[], bool]) -> None:
        def is_done() -> bool:
            self.pump()
            return until()

        eventually(is_done, "the letters are settled")

    def left(self, suffix: str = "") -> list[tuple[bytes, pika.BasicProperties]]:
        """Take what a queue holds; it stays away."""
        found = []
        with channel_on(self._office.broker) as channel:
            while True:
                method, properties, body = channel.basic_get(self.name + suffix, auto_ack=True)
                if method is None or properties is None or body is None:
                    return found
                found.append((body, properties))

    def dead(self, count: int = 1) -> list[tuple[bytes, dict[str, Any]]]:
        letters: list[tuple[bytes, pika.BasicProperties]] = []

        def have_come() -> bool:
            letters.extend(self.left(".dlq"))
            return len(letters) >= count

        eventually(have_come, f"{count} dead letters")
        assert len(letters) == count
        return [(body, dict(properties.headers)) for body, properties in letters]


@pytest.fixture
def box(office: PostOffice) -> Box:
    return Box(office)


@pytest.fixture
def delivered(query: Query) -> Callable[[], list[str]]:
    return lambda: [row["text"] for row in query("SELECT text FROM delivered ORDER BY text")]


def texts(count: int) -> list[Letter]:
    return [letter(f"{number:03d}") for number in range(count)]


def test_letters_are_applied_with_their_keys(office: PostOffice, box: Box, query: Query) -> None:
    sent = texts(3)
    box.post(*sent)

    assert box.pump() == {"messages": 3, "applied": 3}

    rows = query("SELECT d.text, t.outcome FROM delivered d JOIN taken t USING (letter_id)")
    assert sorted((row["text"], row["outcome"]) for row in rows) == [
        (each["text"], "processed") for each in sent
    ]
    assert [row["letter"] for row in office.published] == [each["id"] for each in sent]
    assert office.counted == {"applied": 3}


def test_batch_that_comes_again_changes_nothing(
    office: PostOffice, box: Box, delivered: Callable[[], list[str]], query: Query
) -> None:
    sent = texts(3)
    for again in (False, True):
        box.post(*sent)
        box.pump(redelivered=again)

    assert delivered() == ["000", "001", "002"]
    assert (office.counted, len(office.published)) == ({"applied": 3, "seen": 3}, 3)
    assert query("SELECT * FROM begun") == []


def test_letter_twice_in_a_batch(office: PostOffice, box: Box) -> None:
    same = letter()
    box.post(same, same, letter("other"))

    assert box.pump() == {"messages": 3, "applied": 2, "seen": 1}
    assert len(office.published) == 2


def test_guilty_ones_cost_no_neighbour(
    office: PostOffice, box: Box, delivered: Callable[[], list[str]], query: Query
) -> None:
    good = texts(5)
    refused = letter("x", wish="refuse", reason="no\0body \ud800 lives there")
    old, defect = letter("x", wish="old form"), letter("x", wish="unreadable")
    box.post(good[0], b"no json", good[1], refused, good[2], old, good[3], defect, good[4])

    assert box.pump() == {"messages": 9, "applied": 5, "dead": 4}

    assert delivered() == [each["text"] for each in good]
    dead = {headers["x-error-code"]: headers for _, headers in box.dead(4)}
    assert {code: said["x-error"] for code, said in dead.items()} == {
        "not_json": "it is no JSON",
        "refused": "no?body ? lives there",
        "old_form": "it has the old form",
        "unreadable": "KeyError",
    }
    assert all(said["x-attempt"] == 0 and "x-failed-at" in said for said in dead.values())
    told = {row["letter_id"]: row["code"] for row in query("SELECT * FROM refusals")}
    assert told == {refused["id"]: "refused", old["id"]: "old_form"}
    taken = query("SELECT letter_id FROM taken WHERE outcome = 'rejected'")
    assert {row["letter_id"] for row in taken} == set(told)


def test_batch_is_told_message_by_message(office: PostOffice) -> None:
    good, refused, late = letter("a"), letter(wish="refuse"), letter(wish="never")
    batch = [message(each) for each in (good, good, refused, b"no json", late)]

    office.settle(batch)

    assert [each.message for each in office.told] == batch
    steps = [each.ended.step.value for each in office.told]
    assert steps == ["applied", "seen", "dead", "dead", "later"]
    known = [each.ended.delivery and each.ended.delivery.id for each in office.told]
    assert known == [good["id"], good["id"], refused["id"], None, late["id"]]
    assert [each.seconds > 0 for each in office.told] == [True, True, True, False, True]
    assert all(each.is_settled for each in office.told)


def test_rejected_letter_is_not_rejected_again(box: Box, query: Query) -> None:
    bad = letter(wish="refuse")
    box.post(bad, bad)
    assert box.pump() == {"messages": 2, "dead": 2}
    box.post(bad)

    assert box.pump() == {"messages": 1, "seen": 1}
    assert len(query("SELECT * FROM refusals")) == 1


def test_letter_sent_back_is_taken_once_more(
    office: PostOffice, box: Box, delivered: Callable[[], list[str]], query: Query
) -> None:
    same = letter("a", wish="refuse")
    box.post(same)
    box.pump()
    again, headers = same | {"wish": ""}, {"x-redriven": 1}

    for expected in ("applied", "seen"):
        box.post(again, headers=headers)
        assert box.pump() == {"messages": 1, expected: 1}

    assert delivered() == ["a"]
    assert [row["outcome"] for row in query("SELECT outcome FROM taken")] == ["processed"]


@pytest.mark.parametrize(
    ("wish", "code", "said"),
    [
        ("never", "not_yet", "it may come later"),
        ("defect", "gave_up", "a defect of ours (KeyError)"),
        ("bad lane", "gave_up", "a defect of ours (CheckViolation)"),
        ("bad at commit", "gave_up", "a defect of ours (ForeignKeyViolation)"),
        ("swallowed", "gave_up", "a defect of ours (InFailedSqlTransaction)"),
    ],
)
def test_letter_is_tried_six_times(
    office: PostOffice,
    box: Box,
    delivered: Callable[[], list[str]],
    wish: str,
    code: str,
    said: str,
) -> None:
    bad = letter("bad", wish=wish)
    box.post(letter("a"), bad, letter("b"))

    box.settle(lambda: office.counted.get("dead", 0) == 1)

    assert delivered() == ["a", "b"]
    assert office.counted == {"applied": 2, "later": 5, "dead": 1}
    ((body, headers),) = box.dead()
    assert json.loads(body) == bad
    assert (headers["x-error-code"], headers["x-error"]) == (code, said)
    assert headers["x-attempt"] == 5
    assert not any(name.startswith("x-death") for name in headers)


def test_tries_wait_in_their_queues(make_office: Callable[..., PostOffice], query: Query) -> None:
    office = make_office(waits=(60, 60, 60, 60, 60))
    office.declare()
    box = Box(office)
    box.post(letter(wish="never"), headers={"x-attempt": 3, "kept": "as it was"}, type="t")

    assert box.pump() == {"messages": 1, "later": 1}

    ((_, properties),) = box.left(".retry.4")
    headers = {name: properties.headers[name] for name in ("x-attempt", "kept")}
    assert headers == {"x-attempt": 4, "kept": "as it was"}
    assert (properties.type, properties.delivery_mode) == ("t", 2)
    assert query("SELECT * FROM taken") == []


def test_later_letter_waits_for_the_earlier(box: Box, delivered: Callable[[], list[str]]) -> None:
    first = letter("1")
    box.post(letter("2", wish="answer to a later one", to=first["id"]))
    assert box.pump() == {"messages": 1, "later": 1}
    box.post(first)

    box.settle(lambda: delivered() == ["1", "2"])


STRANGE = [
    {"x-attempt": "999"},
    {"x-attempt": -1},
    {"x-attempt": 2**62},
    {"x-attempt": True},
    {"x-attempt": {"deep": [1, {"er": None}]}},
    {"x-attempt": None},
    {"x-outage-since": -5, "x-attempt": [1]},
    {"x-outage-since": 2**62},
    {"x-death": [{"count": 99, "reason": "expired", "queue": "q"}], "x-first-death-queue": "q"},
    {"x-delivery-count": 19, "x-acquired-count": 19},
    {"x-error": "forged", "x-error-code": "forged", "x-failed-at": "forged"},
    {"\u20ac" * 80: "long name", "big": 2**63 - 1, "small": -(2**63)},
    {"CC": ["elsewhere"]},
    {"cc": 5},
    {f"h{n}": "x" * 1_000 for n in range(100)},
    {},
    None,
]


@pytest.mark.parametrize("headers", STRANGE, ids=lambda said: "-".join(said or {})[:40])
@pytest.mark.parametrize("wish", ["never", "refuse"])
def test_strange_headers_harm_nothing(
    office: PostOffice,
    box: Box,
    delivered: Callable[[], list[str]],
    headers: dict[str, Any] | None,
    wish: str,
) -> None:
    box.post(letter("bad", wish=wish), headers=headers)
    box.post(letter("good"))

    first = box.pump()
    assert first["applied"] == 1
    box.settle(lambda: office.counted.get("dead", 0) == 1)

    assert delivered() == ["good"]
    ((_, said),) = box.dead()
    assert said["x-error-code"] in {"not_yet", "refused"}
    assert said["x-attempt"] == (5 if wish == "never" else 0)
    assert "forged" not in said.values()
    assert not {"CC", "cc"} & set(said)
    if headers and "big" in headers:
        assert said["big"] == 2**63 - 1


def test_copies_go_nowhere_else(office: PostOffice, box: Box, broker: str) -> None:
    """RabbitMQ also routes a message to the queues that its header CC names."""
    with channel_on(broker) as channel:
        other = channel.queue_declare("", exclusive=True).method.queue
        box.post(letter(wish="refuse"), headers={"CC": [other], "BCC": [other]})
        channel.queue_purge(other)

        box.pump()

        assert len(box.dead()) == 1
        assert channel.queue_declare(other, passive=True).method.message_count == 0


@pytest.mark.parametrize(
    "properties",
    [
        {"message_id": None},
        {"message_id": ""},
        {"message_id": "x" * 255},
        {"message_id": "\u20ac" * 85},
        {"type": "\0", "app_id": "'", "correlation_id": "\u202e", "content_type": "text/\n"},
        {"expiration": "600000", "reply_to": "evil", "priority": 9, "user_id": "guest"},
    ],
)
def test_strange_properties_harm_nothing(
    office: PostOffice, box: Box, properties: dict[str, Any], broker: str
) -> None:
    if "user_id" in properties:
        properties = {**properties, "user_id": pika.URLParameters(broker).credentials.username}
    box.post(letter(wish="refuse"), b"no json", **properties)

    assert box.pump() == {"messages": 2, "dead": 2}
    for _, copied in box.left(".dlq"):
        assert copied.message_id
        assert (copied.expiration, copied.reply_to, copied.user_id) == (None, None, None)


def test_text_that_is_no_utf8_is_copied(office: PostOffice, box: Box) -> None:
    """Each byte becomes a character of three, so that a short string would be too long."""
    entry = {
        "basicProperties": {
            "messageId": "\ufffd" * 255,
            "type": "\ud800",
            "headers": {
                "\ufffd" * 255: {"bytes": [-1, 255]},
                "huge": 2**70,
                "odd": {"bytes": "x"},
                "float": 1.25,
                "x-attempt": 1.5,
            },
        },
        "redelivered": False,
        "data": "bm8=",
    }
    deep: Any = 1
    for _ in range(400):
        deep = {"a": deep}
    entry["basicProperties"]["headers"]["deep"] = deep  # type: ignore[index]
    run = batch_function(box.name)(office.settle)

    done = run({"rmqMessagesByQueue": {f"{box.name}::/": [entry]}}, LambdaContext("q", 60))

    assert done == {"messages": 1, "dead": 1}
    assert len(box.dead()) == 1


def test_deleted_queues_are_declared_again(office: PostOffice, box: Box, broker: str) -> None:
    same = letter(wish="refuse")
    box.post(same, same, b"no json", letter(wish="never"), letter("good"))
    with channel_on(broker) as channel:
        for suffix in (".dlq", ".retry.1"):
            channel.queue_delete(box.name + suffix)

    assert box.pump() == {"messages": 5, "applied": 1, "dead": 3, "later": 1}
    assert len(box.dead(3)) == 3


def test_refused_copies_bring_the_batch_back(
    office: PostOffice, box: Box, broker: str, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dead-letter queue that is full: nothing is lost, and what was applied is recognised."""
    good, bad = letter("good"), letter(wish="refuse")
    with channel_on(broker) as channel:
        channel.queue_delete(f"{box.name}.dlq")
        full = {"x-queue-type": "classic", "x-max-length": 1, "x-overflow": "reject-publish"}
        channel.queue_declare(f"{box.name}.dlq", durable=True, arguments=full)
        channel.basic_publish("", f"{box.name}.dlq", b"the one that has room")
    box.post(good, bad, letter("later", wish="never"))

    with pytest.raises(NotSettled, match="1 messages"):
        box.pump()

    assert office.paused == [module.PAUSE_SECONDS]
    assert query("SELECT * FROM refusals") == []
    assert [row["letter"] for row in office.published] == [good["id"]]
    assert len(box.left(".dlq")) == 1
    done = eventually(lambda: (counts := box.pump())["messages"] and counts, "it comes back")
    assert (done["seen"], done["dead"]) == (1, 1)
    assert len(query("SELECT * FROM refusals")) == 1


def test_broker_away_brings_the_batch_back(
    office: PostOffice, box: Box, delivered: Callable[[], list[str]]
) -> None:
    messages = [message(letter("good")), message(letter(wish="refuse")), message(b"no")]
    office.publisher.breaker.failed()
    for _ in range(10):
        office.publisher.breaker.failed()

    with pytest.raises(NotSettled, match="2 messages"):
        office.settle(messages)
    assert delivered() == ["good"]
    assert [each.is_settled for each in office.told] == [True, False, False]
    with pytest.raises(NotSettled):
        office.settle([each._replace(redelivered=True) for each in messages])

    assert office.counted["seen"] == 1
    assert len(office.published) == 1


def message(said: Letter | bytes, *, redelivered: bool = False, **headers: Any) -> QueueMessage:
    """A message as the decorator hands it over."""
    is_raw = isinstance(said, bytes)
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    message_id = None if is_raw else said["id"]  # type: ignore[index]
    return QueueMessage(body, headers, message_id, redelivered, "mail")


def test_database_that_goes_lets_the_rest_wait(
    make_office: Callable[..., PostOffice], database_url: str, delivered: Callable[[], list[str]]
) -> None:
    """In the middle of a batch; no try is spent."""
    office = make_office(waits=(60, 60, 60, 60, 60), on_wish=lambda wish: end(wish, database_url))
    office.declare()
    box = Box(office)
    sent = [letter("a"), letter("b", wish="end"), letter("c"), b"no json", letter(wish="old form")]
    box.post(*sent)

    assert box.pump() == {"messages": 5, "applied": 1, "outage": 3, "dead": 1}

    waiting = box.left(".retry.3")
    assert sorted(json.loads(body)["text"] for body, _ in waiting) == ["Dear Ann", "b", "c"]
    assert all("x-attempt" not in properties.headers for _, properties in waiting)
    assert all(properties.headers["x-outage-since"] > 1e9 for _, properties in waiting)
    assert delivered() == ["a"]


def end(wish: str, url: str) -> None:
    """End the connection of the function, as a server does that stops."""
    if wish == "end":
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND application_name = 'fintegrate'"
            )


def test_outage_is_over_after_a_wait(
    make_office: Callable[..., PostOffice], database_url: str, delivered: Callable[[], list[str]]
) -> None:
    ended: list[str] = []

    def once_only(wish: str) -> None:
        if wish and len(ended) < 2:  # in the shared transaction, and alone
            ended.append(wish)
            end(wish, database_url)

    office = make_office(on_wish=once_only)
    office.declare()
    box = Box(office)
    box.post(letter("a", wish="end"), letter("b"))

    box.settle(lambda: delivered() == ["a", "b"])
    assert "later" not in office.counted


def test_store_away_lets_the_rest_wait(
    make_office: Callable[..., PostOffice], delivered: Callable[[], list[str]]
) -> None:
    office = make_office(waits=(60, 60, 60, 60, 60))
    office.declare()
    box = Box(office)
    box.post(letter("a"), letter("b", wish="store away"), letter("c"))

    assert box.pump() == {"messages": 3, "applied": 1, "outage": 2}
    assert delivered() == ["a"]
    assert len(office.tried) == 2


def test_outage_lasts_a_day_at_most(office: PostOffice, box: Box, query: Query) -> None:
    day_ago = int(time.time()) - 24 * 3600
    box.post(letter("a", wish="store away"), headers={"x-outage-since": day_ago - 5})
    assert box.pump() == {"messages": 1, "dead": 1}
    ((_, said),) = box.dead()
    assert (said["x-error-code"], "x-outage-since" in said) == ("gave_up", False)
    assert [row["code"] for row in query("SELECT * FROM refusals")] == ["gave_up"]

    box.post(letter("a", wish="store away"), headers={"x-outage-since": day_ago + 60})
    assert box.pump() == {"messages": 1, "outage": 1}


def test_rejection_waits_for_the_database(
    make_office: Callable[..., PostOffice], query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dead letter is there, and what the rejection leaves behind comes when it can."""
    office = make_office(waits=(60, 60, 0.05, 60, 60))
    office.declare()
    box = Box(office)
    real = office.database.transaction

    def away() -> Any:
        raise ConnectionLost("away")

    monkeypatch.setattr(office.database, "transaction", away)
    box.post(letter(wish="old form"))
    assert box.pump() == {"messages": 1, "outage": 1}
    monkeypatch.setattr(office.database, "transaction", real)
    box.settle(lambda: office.counted.get("dead", 0) == 1)

    assert len(query("SELECT * FROM refusals")) == 1
    assert len(box.dead(2)) == 2


def test_rejection_that_cannot_be_written_ends(
    office: PostOffice, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.post(letter("x\0", lane="no\0rth", wish="refuse"), letter("good"))

    box.settle(lambda: office.counted.get("dead", 0) == 1)

    assert office.counted["applied"] == 1
    assert box.dead()[0][1]["x-error-code"] == "gave_up"


def test_no_time_left_hands_back(
    office: PostOffice, box: Box, delivered: Callable[[], list[str]]
) -> None:
    """The first one is begun all the same: a batch must not go round as a whole."""
    box.post(*texts(5), headers={"x-attempt": 2})

    assert box.pump(seconds=3) == {"messages": 5, "applied": 1, "back": 4}
    assert delivered() == ["000"]
    (_, properties), *rest = eventually(box.left, "they are back")
    assert properties.headers["x-attempt"] == 2
    assert len(rest) == 3


def test_large_batch_is_one_transaction(
    make_office: Callable[..., PostOffice], query: Query
) -> None:
    office = make_office()
    office.declare()
    letters = texts(120)
    for at in (10, 50, 100):
        letters[at]["wish"] = "refuse"

    counts = office.settle([message(each) for each in letters])

    assert counts == {"applied": 117, "dead": 3}
    found = query("SELECT count(DISTINCT xmin::text) AS many, count(*) AS rows FROM delivered")
    assert found[0]["rows"] == 117
    assert query("SELECT count(*) AS n FROM taken WHERE outcome = 'rejected'")[0]["n"] == 3


def test_commit_that_fails_is_nobodys_else(
    office: PostOffice, box: Box, delivered: Callable[[], list[str]]
) -> None:
    box.post(letter("a"), letter("bad", wish="bad at commit"), letter("b"))

    assert box.pump() == {"messages": 3, "applied": 2, "later": 1}
    assert delivered() == ["a", "b"]
    assert len(office.published) == 2


def test_locked_row_is_tried_later(
    make_office: Callable[..., PostOffice],
    database_url: str,
    query: Query,
    delivered: Callable[[], list[str]],
) -> None:
    office = make_office(bounds={"lock_timeout_ms": 50})
    office.declare()
    box = Box(office)
    query("INSERT INTO sheds (lane) VALUES ('north')")
    box.post(letter("a"), letter("b", sheds=["north"]), letter("c"))
    with closing(psycopg2.connect(database_url)) as other, other, other.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sheds FOR UPDATE")
        assert box.pump() == {"messages": 3, "applied": 2, "later": 1}

    box.settle(lambda: delivered() == ["a", "b", "c"])


def test_deadlock_of_two_functions_ends_well(
    make_office: Callable[..., PostOffice], query: Query
) -> None:
    query("INSERT INTO sheds (lane) VALUES ('north'), ('south')")
    meet = threading.Barrier(2, timeout=30)
    offices = [
        make_office(on_wish=lambda wish: meet.wait() and None if wish else None) for _ in "ab"
    ]
    offices[0].declare()
    ways = (["north"], ["south"]), (["south"], ["north"])
    batches = [
        [message(letter("1", sheds=way[0], wish="meet")), message(letter("2", sheds=way[1]))]
        for way in ways
    ]
    run_side_by_side(offices, batches)

    box = Box(offices[0])
    box.settle(lambda: query("SELECT sum(letters) AS n FROM sheds")[0]["n"] == 4)
    assert query("SELECT count(*) AS n FROM delivered")[0]["n"] == 4


def run_side_by_side(
    offices: Sequence[PostOffice], batches: Sequence[Sequence[QueueMessage]]
) -> None:
    failed: list[BaseException] = []

    def run(office: PostOffice, batch: Sequence[QueueMessage]) -> None:
        try:
            office.settle(batch)
        except BaseException as error:
            failed.append(error)
        finally:
            office.close()  # of this thread

    threads = [
        threading.Thread(target=run, args=pair) for pair in zip(offices, batches, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []


@pytest.mark.night_long
def test_two_functions_have_the_same_letters(
    make_office: Callable[..., PostOffice], query: Query, delivered: Callable[[], list[str]]
) -> None:
    offices = [make_office() for _ in range(2)]
    offices[0].declare()
    letters = texts(40)
    batches = [[message(each) for each in order] for order in (letters, letters[::-1])]

    run_side_by_side(offices, batches)

    Box(offices[0]).settle(lambda: delivered() == [each["text"] for each in letters])
    assert query("SELECT count(*) AS n FROM taken")[0]["n"] == 40
    assert len({row["letter"] for office in offices for row in office.published}) == 40
    assert sum(len(office.published) for office in offices) == 40


def test_killed_function_is_noted(
    office: PostOffice,
    box: Box,
    database_url: str,
    broker: str,
    query: Query,
    delivered: Callable[[], list[str]],
) -> None:
    """Its neighbours are done, and the guilty one ends at the third start that was noted."""
    guilty = letter("guilty", wish="die")
    bodies = [json.dumps(each).encode() for each in (letter("a"), guilty, letter("b"))]
    kill(database_url, broker, box.name, bodies, redelivered=False)
    assert query("SELECT * FROM begun") == []
    for start in (1, 2):
        kill(database_url, broker, box.name, bodies, redelivered=True)
        assert [row["starts"] for row in query("SELECT * FROM begun")] == [start]
        assert delivered() == ["a"]

    for body in bodies:
        box.post(body)
    assert box.pump(redelivered=True) == {"messages": 3, "seen": 1, "dead": 1, "applied": 1}

    assert delivered() == ["a", "b"]
    assert box.dead()[0][1]["x-error-code"] == "crashed"
    assert [row["code"] for row in query("SELECT * FROM refusals")] == ["crashed"]
    assert query("SELECT * FROM begun") == []


def kill(url: str, broker: str, queue: str, bodies: list[bytes], *, redelivered: bool) -> None:
    process = StuckInbox(url, broker, queue, bodies, redelivered=redelivered)
    process.kill()


def test_outages_are_no_crashes(
    make_office: Callable[..., PostOffice], database_url: str, query: Query
) -> None:
    """A connection that was lost ends a start without telling; the copy is another message."""
    office = make_office(waits=(60, 60, 60, 60, 60), on_wish=lambda wish: end(wish, database_url))
    office.declare()
    same = letter(wish="end")
    since: dict[str, Any] = {}
    for _ in range(4):
        assert office.settle([message(same, redelivered=True, **since)]) == {"outage": 1}
        ((_, properties),) = Box(office).left(".retry.3")
        since = properties.headers

    assert query("SELECT * FROM refusals") == []


def test_two_servers_away_are_no_crash(
    make_office: Callable[..., PostOffice], database_url: str, query: Query
) -> None:
    """Neither the copy nor the end of a start can be written, again and again."""
    office = make_office(waits=(60, 60, 60, 60, 60), on_wish=lambda wish: end(wish, database_url))
    office.declare()
    for _ in range(11):
        office.publisher.breaker.failed()
    same = message(letter(wish="end"), redelivered=True)

    for _ in range(4):
        with pytest.raises(NotSettled):
            office.settle([same])

    assert {passage.ended.step for passage in office.told} == {module.Step.OUTAGE}
    assert query("SELECT * FROM begun") == []


def test_unsent_copies_are_counted_once(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of a broker that says nothing at all."""
    silent = Outcome(Result.UNCONFIRMED, "silence")
    monkeypatch.setattr(
        office.publisher, "publish", lambda copies, _seconds: [silent] * len(copies)
    )

    batch = [message(b"no"), message(letter(wish="never")), message(letter())]
    with pytest.raises(NotSettled, match="3 messages"):
        office.settle(batch, lambda: 1)

    assert office.paused == [0.0]
    assert office.counted == {"dead": 1, "later": 1, "back": 1}
