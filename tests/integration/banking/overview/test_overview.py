"""GET /overview: what waits, what needs somebody, and the last hour; a bank sees its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.banking.overview.read_overview import KEPT
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.schedules import run_schedule


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    """Nothing is answered from memory."""
    kept = [(each, each.seconds) for each in KEPT]
    for each, _ in kept:
        each.seconds = -1.0
    yield
    for each, seconds in kept:
        each.seconds = seconds
        each.clear()


def test_smoke(admin: Api, bank: Bank, query: Query) -> None:
    bank.create_customer()
    print(run_schedule("write_minutes"))
    import json

    reply = admin.get("/overview")
    print(json.dumps(reply.data, indent=1)[:6000])
    assert reply.status == 200, reply
