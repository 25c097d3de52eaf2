"""The rules of one message: what is worked, confirmed, repeated, given up, and in which order."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from local.banking.consumer.confirmations import (
    ApiUnavailable,
    ConfirmationRefused,
    KeyRefused,
    TooManyRequests,
)
from local.banking.consumer.inbox import Verdict
from local.banking.consumer.ordering import Delivery
from local.banking.consumer.processing import MAX_TRIES, ProcessingInterrupted, Settlement
from tests.unit.local.banking.consumer.conftest import CUSTOMER, NOW, Bench, MakeEvent


def test_event_is_worked_confirmed_and_acknowledged(bench: Bench, make_event: MakeEvent) -> None:
    event = make_event()
    assert bench.process(event).settlement is Settlement.ACK
    assert bench.api.statuses == ["processed"]
    assert bench.inbox.judge(event) is Verdict.REPEAT


def test_work_is_committed_before_the_confirmation(bench: Bench, make_event: MakeEvent) -> None:
    event = make_event()
    bench.api.errors = [KeyRefused("401")]
    with pytest.raises(KeyRefused):
        bench.process(event)
    assert bench.inbox.judge(event) is Verdict.REPEAT


def test_repeat_is_confirmed_but_not_applied(
    bench: Bench, make_event: MakeEvent, tmp_path: Path
) -> None:
    created = make_event(1)
    bench.process(created)
    bench.process(make_event(2, "customer_deletion"))
    assert bench.process(created).settlement is Settlement.ACK
    assert bench.api.statuses == ["processed"] * 3
    with sqlite3.connect(tmp_path / "inbox.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM customers").fetchone() == (0,)
        assert database.execute("SELECT sum(repeats) FROM seen_events").fetchone() == (1,)
    database.close()


def test_copy_of_the_lost_time_is_not_applied(bench: Bench, make_event: MakeEvent) -> None:
    bench.process(make_event(1))
    bench.process(make_event(2, epoch=2))
    zombie = make_event(3, "customer_deletion")
    assert bench.process(zombie).settlement is Settlement.ACK
    assert bench.api.taken[-1].reason == "superseded by epoch 2"
    assert bench.inbox.last_position(CUSTOMER) == (2, 2)


def test_receipt_is_acknowledged_first_when_asked(bench: Bench, make_event: MakeEvent) -> None:
    bench.process(make_event(), acknowledge_receipt=True)
    assert bench.api.statuses == ["received", "processed"]


def test_early_event_is_held(bench: Bench, make_event: MakeEvent) -> None:
    early = make_event(2)
    assert bench.process(early).settlement is Settlement.HOLD
    assert bench.api.taken == []
    assert bench.inbox.last_position(CUSTOMER) is None


def test_event_past_gap_is_applied(bench: Bench, make_event: MakeEvent) -> None:
    assert bench.process(make_event(3), past_gap=True).settlement is Settlement.ACK
    assert "#1 never came" in bench.output.getvalue()
    assert bench.api.statuses == ["processed"]


def test_superseded_event_is_confirmed_failed(bench: Bench, make_event: MakeEvent) -> None:
    bench.process(make_event(2, status="INACTIVE"), past_gap=True)
    late = make_event(1)
    assert bench.process(late).settlement is Settlement.ACK
    assert bench.api.taken[-1].status == "failed"
    assert bench.api.taken[-1].reason == "superseded by sequence 2"


def test_unknown_type_is_confirmed_failed(bench: Bench, make_event: MakeEvent) -> None:
    assert bench.process(make_event(1, "customer_merger")).settlement is Settlement.ACK
    assert bench.api.statuses == ["failed"]
    assert bench.process(make_event(2)).words == "processed"


def test_transient_failures_are_retried(bench: Bench, make_event: MakeEvent) -> None:
    bench.api.errors = [ApiUnavailable("503")] * (MAX_TRIES - 1)
    outcome = bench.process(make_event())
    assert (outcome.settlement, outcome.words) == (Settlement.ACK, "processed")
    assert 0 < sum(bench.waited) <= 1 + 2 + 4 + 8


def test_fifth_transient_failure_is_dead_lettered(bench: Bench, make_event: MakeEvent) -> None:
    bench.api.errors = [ApiUnavailable("503")] * MAX_TRIES
    event = make_event()
    outcome = bench.process(event)
    assert outcome.settlement is Settlement.REJECT
    assert "503" in outcome.words
    assert bench.process(event).settlement is Settlement.ACK, "sent again, it starts anew"


def test_own_store_away_is_transient(bench: Bench, make_event: MakeEvent, tmp_path: Path) -> None:
    blocker = sqlite3.connect(tmp_path / "inbox.sqlite3", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    event = make_event()
    assert bench.process(event).settlement is Settlement.REJECT
    blocker.execute("ROLLBACK")
    blocker.close()
    assert bench.process(event).words == "processed"


def test_deadly_message_is_given_up(bench: Bench, make_event: MakeEvent) -> None:
    event = make_event()
    for _ in range(MAX_TRIES):
        bench.inbox.begin(event)
    assert bench.process(event).settlement is Settlement.REJECT
    assert bench.api.taken == []


def test_rate_limit_costs_no_try(bench: Bench, make_event: MakeEvent) -> None:
    bench.api.errors = [TooManyRequests(2.0)] * (MAX_TRIES + 3)
    assert bench.process(make_event()).words == "processed"
    assert sum(bench.waited) == pytest.approx(2.0 * (MAX_TRIES + 3))


def test_refused_confirmation_is_not_repeated(bench: Bench, make_event: MakeEvent) -> None:
    bench.api.errors = [ConfirmationRefused("404: no such event")]
    outcome = bench.process(make_event())
    assert outcome.settlement is Settlement.ACK
    assert "404: no such event" in outcome.words


@pytest.mark.parametrize("how", ["told_to_stop", "broker_lost"])
def test_interrupted_wait_costs_no_try(bench: Bench, make_event: MakeEvent, how: str) -> None:
    event = make_event()
    for _ in range(MAX_TRIES + 1):
        bench.api.errors = [TooManyRequests(60.0)]
        setattr(bench, how, True)
        with pytest.raises(ProcessingInterrupted):
            bench.process(event)
        setattr(bench, how, False)
    bench.api.errors = []
    assert bench.process(event).settlement is Settlement.ACK


def test_faults_on_demand_fail_and_reject(bench: Bench, make_event: MakeEvent) -> None:
    processor = bench.processor(fail_rate=1.0)
    outcomes = {
        processor.process(
            Delivery(1, make_event(1, customer_id=str(n)), NOW), bench.pause
        ).settlement
        for n in range(50)
    }
    assert outcomes == {Settlement.ACK, Settlement.REJECT}
    assert set(bench.api.statuses) == {"failed"}


def test_one_attempt_leaves_trouble_to_the_caller(bench: Bench, make_event: MakeEvent) -> None:
    bench.api.errors = [ApiUnavailable("503")]
    with pytest.raises(ApiUnavailable):
        bench.processor().attempt(Delivery(1, make_event(), NOW), bench.pause, past_gap=True)
    assert sum(bench.waited) == 0


def test_refusal_on_demand_is_of_one_event(bench: Bench, make_event: MakeEvent) -> None:
    processor = bench.processor()
    processor.faults.refuse_at = 2
    first, second = make_event(1), make_event(2)
    outcomes = [
        processor.process(Delivery(1, event, NOW), bench.pause) for event in (first, second, second)
    ]
    assert [each.settlement for each in outcomes] == [
        Settlement.ACK,
        Settlement.REJECT,
        Settlement.ACK,
    ]
    assert outcomes[1].reason == "on demand"
