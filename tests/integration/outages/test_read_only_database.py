"""What a request answers on a server that has become read-only, as after a failover."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from chalicelib.operations import health
from local.banking.client import Reply
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.waiting import eventually


@pytest.fixture
def make_writable(query: Query) -> Iterator[Callable[[bool], None]]:
    """Demotes the server, or promotes it, for all sessions."""

    def become(writable: bool) -> None:
        state = "off" if writable else "on"
        query(f"ALTER SYSTEM SET default_transaction_read_only = {state}")
        query("SELECT pg_reload_conf()")
        reads = partial(query, "SHOW default_transaction_read_only")
        eventually(
            lambda: reads()[0]["default_transaction_read_only"] == state, "the server's new state"
        )

    yield become
    become(True)


def create(bank: Bank, headers: dict[str, str]) -> Reply:
    return bank.api("POST", "/customer/data", {"name": "Ada"}, headers=headers)


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "once"}], ids=["plain", "once"])
def test_read_only_database_answers_503(
    bank: Bank,
    make_writable: Callable[[bool], None],
    monkeypatch: pytest.MonkeyPatch,
    headers: dict[str, str],
) -> None:
    monkeypatch.setattr(health, "_KEPT_SECONDS", 0.0)
    bank.create_customer()
    make_writable(False)

    replies = [create(bank, headers) for _ in range(3)]

    assert [reply.status for reply in replies] == [503] * 3
    assert all(reply.headers["Retry-After"] for reply in replies)
    assert bank.api.get("/health").status == 503

    make_writable(True)
    assert create(bank, headers).status == 201
    assert bank.api.get("/health").status == 200
