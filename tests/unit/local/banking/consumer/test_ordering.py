"""Early events wait for their gap, bounded in time and number."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from local.banking.consumer.messages import Event, Position
from local.banking.consumer.ordering import Delivery, GapBuffer
from tests.unit.local.banking.consumer.conftest import MakeEvent

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def buffer(clock: Clock) -> GapBuffer:
    return GapBuffer(clock, wait_seconds=30, capacity=3)


def delivered(event: Event, tag: int = 1) -> Delivery:
    return Delivery(tag, event, NOW)


def test_closed_gap_lets_go_in_sequence(buffer: GapBuffer, make_event: MakeEvent) -> None:
    third, second = delivered(make_event(3)), delivered(make_event(2))
    buffer.hold(third)
    buffer.hold(second)
    customer = third.event.customer_id
    assert buffer.take_due(customer, Position(1, 0)) is None
    assert buffer.take_due("somebody else", Position(1, 9)) is None
    assert buffer.take_due(customer, Position(1, 1)) == second
    assert buffer.take_due(customer, Position(1, 2)) == third
    assert len(buffer) == 0


def test_new_epoch_closes_every_gap(buffer: GapBuffer, make_event: MakeEvent) -> None:
    lost, later = delivered(make_event(9)), delivered(make_event(5, epoch=2))
    buffer.hold(later)
    buffer.hold(lost)
    customer = lost.event.customer_id
    assert buffer.take_due(customer, Position(2, 1)) == lost  # and it is superseded
    assert buffer.take_due(customer, Position(2, 1)) is None
    assert buffer.take_due(customer, Position(2, 4)) == later


def test_wait_for_gap_ends(buffer: GapBuffer, make_event: MakeEvent, clock: Clock) -> None:
    early = delivered(make_event(2))
    buffer.hold(early)
    clock.now += 29.9
    assert buffer.take_overdue() is None
    clock.now += 0.1
    assert buffer.take_overdue() == early


def test_overdue_customer_continues_with_earliest(
    buffer: GapBuffer, make_event: MakeEvent, clock: Clock
) -> None:
    buffer.hold(delivered(make_event(5)))
    clock.now += 1
    earlier = delivered(make_event(3))
    buffer.hold(earlier)
    clock.now += 29
    assert buffer.take_overdue() == earlier


def test_number_is_bounded(buffer: GapBuffer, make_event: MakeEvent) -> None:
    held = [delivered(make_event(2, customer_id=f"customer {n}"), n) for n in range(4)]
    for delivery in held[:3]:
        buffer.hold(delivery)
    assert buffer.take_overdue() is None
    buffer.hold(held[3])
    assert buffer.take_overdue() == held[0]
    assert buffer.take_overdue() is None


def test_deadline_survives_a_lost_channel(
    buffer: GapBuffer, make_event: MakeEvent, clock: Clock
) -> None:
    event = make_event(2)
    buffer.hold(delivered(event, tag=1))
    clock.now += 20
    buffer.forget_deliveries()
    buffer.forget_deliveries()
    assert len(buffer) == 0
    again = delivered(event, tag=7)
    buffer.hold(again)
    clock.now += 10
    assert buffer.take_overdue() == again
