"""The view is what the events tell, in whatever order and however often they come."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.banking.consumer.view import CustomerView, view_beside
from tests.unit.local.banking.consumer.conftest import CUSTOMER, NOW, Bench, Event, MakeEvent

OTHER = "0b6f5d4c-0000-4000-8000-000000000002"


def event(sequence: int, kind: str, *, epoch: int = 1, customer_id: str = CUSTOMER) -> Event:
    status = "ACTIVE" if sequence % 2 else "INACTIVE"
    name = f"of epoch {epoch}"
    event_id = f"{epoch}-{sequence}"
    return Event(event_id, kind, customer_id, sequence, NOW, name, status, epoch=epoch)


LIFE = [
    event(1, "customer_creation"),
    event(2, "customer_status_change"),
    event(3, "customer_status_change"),
    event(1, "customer_creation", customer_id=OTHER),
    event(2, "customer_deletion", customer_id=OTHER),
]


@pytest.fixture
def view(tmp_path: Path) -> Iterator[CustomerView]:
    with CustomerView(tmp_path / "view.sqlite3") as opened:
        yield opened


@given(st.permutations(LIFE), st.lists(st.sampled_from(LIFE)))
def test_order_and_repeats_change_nothing(first: list[Event], again: list[Event]) -> None:
    with CustomerView(Path(":memory:")) as view:
        for each in (*first, *again):
            view.see(each)

        assert view.customers() == {CUSTOMER: ("of epoch 1", "ACTIVE")}


def test_newer_epoch_wins(view: CustomerView) -> None:
    view.see(event(9, "customer_deletion"))
    view.see(event(2, "customer_status_change", epoch=2))
    view.see(event(8, "customer_status_change"))

    assert view.customers() == {CUSTOMER: ("of epoch 2", "INACTIVE")}


def test_deleted_customer_leaves_no_facts(view: CustomerView, tmp_path: Path) -> None:
    view.see(event(1, "customer_creation"))
    view.see(event(2, "customer_deletion"))

    assert view.customers() == {}
    database = sqlite3.connect(tmp_path / "view.sqlite3")
    assert database.execute("SELECT name, status FROM customers").fetchall() == [(None, None)]
    database.close()


def test_other_types_are_no_customers(view: CustomerView) -> None:
    view.see(event(1, "consumer_created"))
    view.see(event(1, "branch_closed"))

    assert view.customers() == {}


def test_view_outlives_its_program(tmp_path: Path) -> None:
    path = view_beside(tmp_path / "bank.sqlite3")
    with CustomerView(path) as view:
        view.see(event(1, "customer_creation"))

    with CustomerView(path) as view:
        assert view.customers() == {CUSTOMER: ("of epoch 1", "ACTIVE")}


def test_lost_view_is_built_from_repeats(
    bench: Bench, make_event: MakeEvent, tmp_path: Path
) -> None:
    events = [make_event(1), make_event(2, "customer_status_change", status="INACTIVE")]
    for each in events:
        bench.process(each)
    with CustomerView(tmp_path / "view.sqlite3") as bench.view:
        for each in events:
            bench.process(each)

        assert bench.view.customers() == {CUSTOMER: ("Ann Example", "INACTIVE")}


def test_superseded_event_changes_no_view(
    bench: Bench, make_event: MakeEvent, tmp_path: Path
) -> None:
    with CustomerView(tmp_path / "view.sqlite3") as bench.view:
        bench.process(make_event(2, "customer_status_change", status="INACTIVE"), past_gap=True)
        bench.process(make_event(1))

        assert bench.view.customers() == {CUSTOMER: ("Ann Example", "INACTIVE")}
