"""The consumer as a program, on a real broker: nothing is lost, repeated work is recognised."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from local.chaos.proxy import TcpProxy
from tests.integration.local.banking_consumer.bank import KEY, Bank, message
from tests.support.waiting import eventually

UNTIL_IDLE = ("--stop-when-idle", "1.5")


def life_of(customer_id: str) -> list[dict[str, Any]]:
    types = ("customer_creation", "customer_status_change", "customer_deletion")
    return [message(n, customer_id, kind) for n, kind in enumerate(types, start=1)]


def ids(*messages: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["event_id"], "processed") for each in messages]


def test_messages_are_confirmed_in_order(bank: Bank) -> None:
    messages = [event for _ in range(8) for event in life_of(str(uuid4()))]
    bank.publish(*messages)
    status, output = bank.run("--max-messages", str(len(messages)))
    assert status == 0
    assert bank.api.confirmed() == ids(*messages)
    assert bank.api.headers[0]["x-api-key"] == KEY
    assert output.count("processed") == len(messages)
    assert bank.stored("SELECT count(*), sum(repeats) FROM seen_events") == [(24, 0)]


def test_unknown_fields_do_not_disturb(bank: Bank) -> None:
    extended = message()
    extended["data"]["risk_class"] = "B"
    extended["envelope"] = {"signed": True}
    bank.publish(extended)
    bank.run("--max-messages", "1")
    assert bank.api.confirmed() == ids(extended)


def test_hopeless_messages_are_dead_lettered(bank: Bank) -> None:
    newer, good = {**message(), "schema_version": "2.0"}, message()
    bank.publish(b"{not json", newer, good)
    assert bank.run("--max-messages", "3")[0] == 0
    eventually(lambda: bank.api.confirmed() == ids(good))
    dead_letters = bank.await_dead_letters(2)
    assert set(dead_letters) == {b"{not json", json.dumps(newer).encode()}


def test_repeat_after_death_is_recognised(bank: Bank) -> None:
    messages = life_of(str(uuid4()))
    bank.publish(*messages)
    status, _ = bank.run("--die-after", "2")
    assert status == 70
    assert bank.api.confirmed() == ids(messages[0])
    status, output = bank.run(*UNTIL_IDLE)
    assert status == 0
    assert bank.api.confirmed() == ids(*messages)
    assert "repeat, processed" in output
    assert bank.stored("SELECT sequence FROM seen_events WHERE repeats = 1") == [(2,)]
    assert bank.dead_letters() == []


def test_poison_message_spares_its_neighbours(bank: Bank) -> None:
    poison, neighbours = message(), [message() for _ in range(5)]
    bank.publish(poison, *neighbours)
    for _ in range(5):
        assert bank.run("--die-after", "1")[0] == 70
    status, output = bank.run(*UNTIL_IDLE)
    assert status == 0
    assert "begun 5 times and never finished" in output
    assert bank.api.confirmed() == ids(*neighbours)
    dead_letters = bank.await_dead_letters(1)
    assert json.loads(dead_letters[0])["event_id"] == poison["event_id"]


def test_early_event_waits_for_its_turn(bank: Bank) -> None:
    created, changed, deleted = life_of(str(uuid4()))
    other = message()
    bank.publish(deleted, changed, other, created)
    bank.run("--max-messages", "4")
    assert bank.api.confirmed() == ids(other, created, changed, deleted)


def test_gap_ends_with_a_warning(bank: Bank) -> None:
    _, changed, deleted = life_of(str(uuid4()))
    bank.publish(changed, deleted)
    _, output = bank.run("--gap-wait", "0.3", "--max-messages", "2")
    assert "#1 never came" in output
    assert bank.api.confirmed() == ids(changed, deleted)


def test_many_gaps_leave_prefetch_free(bank: Bank) -> None:
    early = [message(2) for _ in range(12)]
    late = message(1, early[-1]["data"]["customer_id"])
    bank.publish(*early, late)
    bank.run("--gap-wait", "3600", "--max-messages", "9")
    assert ids(late)[0] in bank.api.confirmed(), "it was reached behind more gaps than fit"


def test_late_event_leaves_the_queue(bank: Bank) -> None:
    created, changed, _ = life_of(str(uuid4()))
    bank.publish(changed)
    bank.run("--gap-wait", "0", "--max-messages", "1")
    bank.publish(created)
    bank.run("--max-messages", "1")
    assert bank.api.confirmed()[-1] == (created["event_id"], "failed")
    assert bank.api.requests[-1]["failure_reason"] == "superseded by sequence 2"
    bank.run(*UNTIL_IDLE)
    assert len(bank.api.requests) == 2


def test_returning_api_gets_its_confirmation(bank: Bank) -> None:
    event = message()
    bank.api.answers = [(503, {}), (429, {"Retry-After": "0"}), (500, {})]
    bank.publish(event)
    bank.run("--max-messages", "1")
    assert bank.api.confirmed() == ids(event) * 4
    assert bank.stored("SELECT sum(repeats) FROM seen_events") == [(0,)]


def test_absent_api_means_dead_letter(bank: Bank) -> None:
    event = message()
    bank.api.answer_always = 503
    bank.publish(event)
    bank.run("--max-messages", "1")
    assert len(bank.api.requests) == 5
    assert json.loads(bank.await_dead_letters(1)[0])["event_id"] == event["event_id"]


@pytest.mark.night_long
def test_refused_key_keeps_the_message(bank: Bank) -> None:
    event = message()
    bank.publish(event)
    bank.api.answer_always = 401
    for _ in range(6):
        status, output = bank.run()
        assert status == 2
        assert "FINTEGRATE_API_KEY" in output
    bank.api.answer_always = None
    bank.api.requests.clear()
    bank.run("--max-messages", "1")
    assert bank.api.confirmed() == ids(event)


def test_stop_finishes_its_message(bank: Bank) -> None:
    messages = [message() for _ in range(3)]
    bank.publish(*messages)
    process = bank.start("--slow", "1", "--acknowledge-receipt")
    eventually(lambda: len(bank.api.requests) == 1)
    status, output = bank.stop(process)
    assert (status, "stopped" in output) == (0, True)
    first = messages[0]["event_id"]
    assert bank.api.confirmed() == [(first, "received"), (first, "processed")]
    bank.api.requests.clear()
    bank.run("--max-messages", "2")
    assert sorted(bank.api.confirmed()) == sorted(ids(*messages[1:]))  # of different customers


@pytest.mark.night_long
def test_slow_work_keeps_the_connection(bank: Bank) -> None:
    event = message()
    bank.publish(event)
    bank.rabbitmq_url = bank.rabbitmq_url.partition("?")[0] + "?heartbeat=1"
    status, output = bank.run("--slow", "5", "--max-messages", "1")
    assert status == 0
    assert "broker" not in output
    assert bank.api.confirmed() == ids(event)


def test_lost_connection_is_replaced(bank: Bank, broker_proxy: TcpProxy) -> None:
    messages = [message() for _ in range(4)]
    process = bank.start(BROKER_URL=broker_proxy.through(bank.rabbitmq_url))
    bank.publish(*messages[:2])
    eventually(lambda: len(bank.api.requests) == 2)
    broker_proxy.cut()
    bank.publish(*messages[2:])
    eventually(lambda: set(bank.api.confirmed()) == set(ids(*messages)))
    status, output = bank.stop(process)
    assert status == 0
    assert output.count("reading ") == 2


def test_missing_queue_is_awaited(undeclared_bank: Bank) -> None:
    bank, event = undeclared_bank, message()
    process = bank.start("--max-messages", "1")
    assert process.stdout is not None
    line = process.stdout.readline()
    assert f"queue {bank.queue} is not there" in line
    bank.declare()
    bank.publish(event)
    process.communicate(timeout=30)
    assert bank.api.confirmed() == ids(event)


def test_missing_key_is_explained(bank: Bank) -> None:
    status, output = bank.run(FINTEGRATE_API_KEY="")
    assert status == 2
    assert "POST /consumer/api-key" in output


def test_failures_on_demand_lose_nothing(bank: Bank) -> None:
    messages = [message() for _ in range(40)]
    bank.publish(*messages)
    bank.run("--fail-rate", "0.5", "--seed", "3", *UNTIL_IDLE)
    rejected = 40 - len(bank.api.requests)
    assert 0 < rejected < 40
    dead_letters = bank.await_dead_letters(rejected)
    assert {"processed", "failed"} == {status for _, status in bank.api.confirmed()}
    answered = {event_id for event_id, _ in bank.api.confirmed()}
    dead = {json.loads(body)["event_id"] for body in dead_letters}
    assert answered | dead == {each["event_id"] for each in messages}
    assert not answered & dead
