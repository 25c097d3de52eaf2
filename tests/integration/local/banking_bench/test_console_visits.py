"""What the measurement of the console's page waits for is there; a stand-in answers for the API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from local.banking.bench.console.hour import hour
from local.banking.bench.console.visitor import Visitor
from local.banking.bench.console.visits import KEYS, opened, pressed, views, visits
from tests.support.chromium import chromium, playwright  # noqa: F401  # fixtures
from tests.support.console_api import ADMIN_KEY, console_api

OF_ADMIN = {"now", "events", "failures", "replays", "banks", "ledger", "audit"}


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[Visitor]:  # noqa: F811
    with console_api() as api:
        yield Visitor(chromium, api.url, ADMIN_KEY)


def test_visits_end_with_the_data(visitor: Visitor) -> None:
    taken, shift = visits(visitor, times=1)

    assert all(one.ms > one.asked > 0 for one in (*taken["first"], *taken["cached"]))
    assert taken["floor"][0].ms > 0
    assert shift >= 0


def test_every_view_of_the_operator_is_visited(visitor: Visitor) -> None:
    first, again = views(visitor, rotations=1)

    assert set(first) == set(again) == OF_ADMIN
    assert first["events"][0].asked > 0


def test_event_and_keys_have_their_effects(visitor: Visitor) -> None:
    assert len(opened(visitor, times=1)) == 1
    assert all(len(taken) == 2 for taken in pressed(visitor, times=2).values())
    assert set(pressed(visitor, times=1)) == set(KEYS)


def test_every_poll_of_the_pages_time_is_drawn(visitor: Visitor) -> None:
    lived = hour(visitor, seconds=80)

    assert lived.polls == 40
    assert lived.begun.heap > 0
