"""The consumer as a server that is called: what is genuine is applied once, in order, and answered."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from chalicelib.banking.events.message import written
from local.machine.credentials import write_private
from tests.integration.local.banking_consumer.bank import Bank, message
from tests.integration.local.banking_consumer.caller import Called, Caller, new_secret
from tests.integration.local.banking_consumer.fake_api import FakeApi
from tests.support.waiting import eventually

PROCESSED = {"status": "processed"}


@pytest.fixture
def called(api: FakeApi, rabbitmq_url: str, tmp_path: Path) -> Iterator[Called]:
    bank = Bank(rabbitmq_url, api, tmp_path)
    yield Called(bank)
    bank.close()


def test_event_is_applied_and_answered(called: Called) -> None:
    caller, process = called.start("--view")
    first = message()

    answers = [caller.call(first), caller.call(first)]

    assert [(each.status_code, each.json()) for each in answers] == [(200, PROCESSED)] * 2
    status, output = called.bank.stop(process)
    assert (status, "repeat, processed" in output) == (0, True)
    assert called.secret not in output
    assert called.bank.api.requests == [], "the answer says it, no call of the API"
    assert called.bank.stored("SELECT event_id, repeats FROM seen_events") == [
        (first["event_id"], 1)
    ]


def life_of(customer_id: str, length: int = 4) -> list[dict[str, Any]]:
    types = ["customer_creation", *["customer_status_change"] * (length - 2), "customer_deletion"]
    return [message(n, customer_id, kind) for n, kind in enumerate(types, start=1)]


def test_customers_come_side_by_side(called: Called) -> None:
    caller, process = called.start()
    lives = [life_of(str(uuid4())) for _ in range(8)]

    def live(life: list[dict[str, Any]]) -> list[int]:
        return [caller.call(each).status_code for each in life]

    with ThreadPoolExecutor(len(lives)) as pool:
        assert list(pool.map(live, lives)) == [[200] * 4] * len(lives)

    called.bank.stop(process)
    stored = called.bank.stored("SELECT customer_id, sequence FROM seen_events ORDER BY rowid")
    for life in lives:
        customer_id = life[0]["data"]["customer_id"]
        assert [number for each, number in stored if each == customer_id] == [1, 2, 3, 4]


def test_later_event_ends_an_earlier_one(called: Called) -> None:
    """The caller keeps order: what is missing was given up, and comes late if at all."""
    caller, _ = called.start()
    created, changed, *_ = life_of(str(uuid4()))

    answers = [caller.call(changed).json(), caller.call(created).json()]

    failed = {"status": "failed", "failure_reason": "superseded by sequence 2"}
    assert answers == [PROCESSED, failed]


def test_stranger_changes_nothing(called: Called) -> None:
    caller, process = called.start()
    event = message()
    stranger = Caller(caller.url, (new_secret(),))
    minutes = timedelta(minutes=6)
    answers = [
        stranger.call(event),
        caller.call(event, ago=minutes),
        caller.call(event, ago=-minutes),
        caller.call(event, webhook_signature=""),
        caller.call(event, webhook_signature="v1,AAAA"),
        caller.call(event, webhook_signature="no comma"),
        caller.call(event, webhook_timestamp="soon"),
        caller.call(event, webhook_id=str(uuid4())),
        caller.call(b"\xff\xfe"),
    ]

    assert [each.status_code for each in answers] == [401] * len(answers)
    _, output = called.bank.stop(process)
    assert output.count("not Fintegrate's") == len(answers)
    assert called.bank.stored("SELECT count(*) FROM seen_events") == [(0,)]


def test_either_secret_fits_in_a_rotation(called: Called, tmp_path: Path) -> None:
    """Fintegrate signs with both for a day; the bank may know one of them, or both."""
    newer, older, file = new_secret(), called.secret, tmp_path / "secret"
    write_private(file, older)
    caller, process = called.start(WEBHOOK_SECRET="", WEBHOOK_SECRET_FILE=str(file))
    both, new = Caller(caller.url, (newer, older)), Caller(caller.url, (newer,))

    assert both.call(message()).status_code == 200, "the bank has not heard of the new one"
    assert new.call(message()).status_code == 401
    write_private(file, f"{newer}\n{older}\n")
    answers = [each.call(message()).status_code for each in (both, new, caller)]
    assert answers == [200, 200, 200], "without a restart"

    file.chmod(0o640)
    answer = both.call(message())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    _, output = called.bank.stop(process)
    assert newer not in output


def test_secret_that_others_read_is_refused(called: Called, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(called.secret)
    file.chmod(0o644)
    mode = ("--delivery", "webhook", "--port", "0")
    given = {"WEBHOOK_SECRET": "", "WEBHOOK_SECRET_FILE": str(file)}

    status, output = called.bank.run(*mode, **given)
    assert (status, "chmod 600" in output) == (2, True)
    status, output = called.bank.run(*mode, WEBHOOK_SECRET="swordfish-in-the-clear")
    assert (status, "whsec_" in output, "swordfish" in output) == (2, True, False)
    file.unlink()
    status, output = called.bank.run(*mode, **given)
    assert (status, "/consumer/delivery/rotate shows it once" in output) == (2, True)


def test_failed_event_says_why(called: Called) -> None:
    caller, _ = called.start()
    unknown = message(event_type="customer_merger")

    answer = caller.call(unknown)

    reason = "unknown event type customer_merger"
    assert answer.status_code == 200
    assert answer.json() == {"status": "failed", "failure_reason": reason}


def test_death_before_the_answer_applies_once(called: Called) -> None:
    caller, process = called.start("--die-after", "1")
    event = message()

    with pytest.raises(httpx.TransportError):
        caller.call(event)
    assert process.wait(timeout=30) == 70
    assert called.bank.stored("SELECT outcome FROM seen_events") == [("processed",)]
    again, process = called.start()
    assert again.url == caller.url
    assert again.call(event).json() == PROCESSED

    called.bank.stop(process)
    assert called.bank.stored("SELECT count(*), sum(repeats) FROM seen_events") == [(1, 1)]


def test_what_nobody_can_read_is_refused(called: Called) -> None:
    caller, _ = called.start("--refuse-at", "1")
    on_demand, newer = message(), {**message(), "schema_version": "2.0"}

    answers = [caller.call(each) for each in (b"{not json", newer, on_demand, on_demand)]

    assert [each.status_code for each in answers] == [422, 422, 422, 200]
    assert "schema_version" in answers[1].text
    assert answers[2].text == "on demand"


@pytest.mark.parametrize("message_format", ["json", "xml"])
def test_test_event_is_taken(called: Called, message_format: str) -> None:
    caller, process = called.start()
    event = {"schema_version": "1.0", "event_id": str(uuid4()), "event_type": "webhook_test"}
    event |= {"data": {}, "metadata": {"created_at": "2026-01-02T03:04:05Z"}}
    kind, body = written(event, message_format)

    answer = caller.call(body, content_type=kind)

    assert (answer.status_code, answer.content) == (204, b"")
    assert called.bank.stop(process)[0] == 0


def test_busy_bank_asks_to_wait(called: Called) -> None:
    """A call that waits too long is sent away, and its event is not worked on behind its back."""
    caller, process = called.start("--slow", "600", "--answer-within", "0.2")
    with ThreadPoolExecutor(1) as pool:
        worked_on = pool.submit(caller.call, message())
        eventually(lambda: begun(called) == 1)
        busy = [caller.call(message()) for _ in range(2)]
        process.kill()
        with pytest.raises(httpx.TransportError):
            worked_on.result()

    answers = [(each.status_code, each.headers["Retry-After"]) for each in busy]
    assert answers == [(429, "1")] * 2
    assert begun(called) == 1


def test_stop_finishes_what_was_begun(called: Called) -> None:
    caller, process = called.start("--slow", "4")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(caller.call, message())
        eventually(lambda: begun(called) == 1)
        status, output = called.bank.stop(process)

    assert (status, "stopped" in output) == (0, True)
    assert answer.result().json() == PROCESSED


def test_locked_store_is_tried_later(called: Called) -> None:
    caller, _ = called.start()
    event = message()
    with closing(sqlite3.connect(called.bank.store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = caller.call(event)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert caller.call(event).json() == PROCESSED


def begun(called: Called) -> int:
    """How many events the bank has begun to work on."""
    ((count,),) = called.bank.stored("SELECT count(*) FROM tries")
    return int(count)


def test_only_whole_requests_are_read(called: Called) -> None:
    caller, _ = called.start()
    elsewhere = Caller(caller.url.replace("/events", "/"), caller.secrets)

    assert elsewhere.call(message()).status_code == 404
    assert httpx.get(caller.url, trust_env=False).status_code == 501
    chunks = iter([b"a", b"b"])
    assert httpx.post(caller.url, content=chunks, trust_env=False).status_code == 411
    host = urlsplit(caller.url).netloc
    with closing(HTTPConnection(host, timeout=30)) as connection:
        connection.putrequest("POST", "/events")
        connection.putheader("Content-Length", "99999999")
        connection.endheaders()
        assert connection.getresponse().status == 413, "before anything of it is read"
