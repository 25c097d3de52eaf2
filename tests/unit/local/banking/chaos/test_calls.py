"""The ledger names what is wrong with the calls of a bank, in books that are otherwise in order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from local.banking.chaos.calls import Call, Moment, arrivals, read, write
from local.banking.chaos.evidence import Delivery, Event, Evidence
from local.banking.chaos.kind import Kind
from local.banking.chaos.ledger import check
from local.banking.chaos.receiver_process import conduct_of
from local.banking.consumer.messages import Event as Message
from tests.unit.local.banking.chaos.books import books, fault, moment

ARRIVED, TAKEN, UNTAKEN = Moment.ARRIVED, Moment.TAKEN, Moment.UNTAKEN


def call(said: Moment, of: Event, **changes: object) -> Call:
    made = Call(said, of.tenant, of.event_id, of.customer_id, of.sequence, name=of.name)
    return replace(made, **changes)  # type: ignore[arg-type]


def orderly(of: Event) -> list[Call]:
    return [call(ARRIVED, of), call(TAKEN, of)]


def called(calls: list[Call], evidence: Evidence, asked: dict[str, int] | None = None) -> Evidence:
    """The books of the first tenant's first customer, who is told of by these calls alone."""
    others = [each for each in evidence.deliveries if each.customer_id != "first-customer-1"]
    own = [
        Delivery(
            each.tenant,
            each.event_id,
            each.customer_id,
            each.sequence,
            redelivered=is_try,
            deliver_try=number,
            epoch=each.epoch,
        )
        for each, is_try, number in arrivals(calls, asked or {})
    ]
    return replace(evidence, calls=calls, deliveries=[*own, *others])


@pytest.fixture
def history() -> list[Event]:
    return [event for event in books().events if event.customer_id == "first-customer-1"]


def kinds(evidence: Evidence) -> set[Kind]:
    return {finding.kind for finding in check(evidence)}


def test_orderly_calls_have_no_finding(history: list[Event]) -> None:
    calls = [each for event in history for each in orderly(event)]

    assert check(called(calls, books())) == []


def test_overtaken_call_is_noticed(history: list[Event]) -> None:
    first, second, third = history
    calls = [call(ARRIVED, first), *orderly(second), call(TAKEN, first), *orderly(third)]

    assert kinds(called(calls, books())) == {Kind.OUT_OF_ORDER}


def test_successor_of_refused_call_is_noticed(history: list[Event]) -> None:
    first, second, third = history
    refused = [call(ARRIVED, first), call(UNTAKEN, first)]
    calls = [*refused, *orderly(second), *orderly(first), *orderly(third)]

    assert Kind.OUT_OF_ORDER in kinds(called(calls, books()))


def test_doubled_call_is_noticed(history: list[Event]) -> None:
    calls = [each for event in history for each in orderly(event)]

    evidence = called([*calls, *orderly(history[2])], books())

    assert kinds(evidence) == {Kind.TOO_MANY_DUPLICATES}


def test_fault_excuses_one_double(history: list[Event]) -> None:
    calls = [each for event in history for each in orderly(event)]
    disturbances = [fault("schedule killed", 9, 14)]
    disturbed = replace(books(), disturbances=disturbances)

    assert check(called([*calls, *orderly(history[2])], disturbed)) == []


def test_try_after_refusal_is_no_double(history: list[Event]) -> None:
    refused = [call(ARRIVED, history[0]), call(UNTAKEN, history[0])]
    calls = [*refused, *refused, *(each for event in history for each in orderly(event))]

    assert check(called(calls, books())) == []


def test_wanted_copy_is_no_double(history: list[Event]) -> None:
    calls = [each for event in history for each in orderly(event)]
    asked = {history[2].event_id: 1}

    assert check(called([*calls, *orderly(history[2])], books(), asked)) == []


def test_published_and_never_taken_is_lost(history: list[Event]) -> None:
    calls = [each for event in history for each in orderly(event)]
    calls[-1] = call(UNTAKEN, history[2])

    assert kinds(called(calls, books())) == {Kind.LOST}


def test_forged_call_is_noticed(history: list[Event]) -> None:
    calls = [each for event in history for each in orderly(event)]

    evidence = called([*calls, Call(Moment.FORGED, "first", "strange")], books())

    assert kinds(evidence) == {Kind.CONTRADICTION}


def test_record_is_read_as_written(tmp_path: Path, history: list[Event]) -> None:
    written = [each for event in history for each in orderly(event)]

    for each in written:
        write(tmp_path / "calls", each)

    assert read(tmp_path / "calls") == written
    assert read(tmp_path / "nothing") == []


def test_conduct_follows_from_seed() -> None:
    messages = [
        Message(f"event {number}", "customer_creation", "customer", 1, moment(0))
        for number in range(300)
    ]

    found = [conduct_of("seed", message, 0) for message in messages]

    assert found == [conduct_of("seed", message, 0) for message in messages]
    assert {conduct.status for conduct in found} == {200, 429, 500, None}
    assert {conduct.says for conduct in found} == {"processed", "failed"}
