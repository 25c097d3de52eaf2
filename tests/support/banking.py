"""Banking's fixtures: its functions in this process on the test's own database, and its tenants.

Loaded by `tests/conftest.py`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

import pika.exceptions
import pytest

from chalicelib import systems
from chalicelib.banking import wiring
from chalicelib.banking.wiring import Parts
from local.banking.client import onboard
from local.banking.tenant_queues import remove_queues
from tests.support.api import Api
from tests.support.fixtures import Query
from tests.support.threads import at_once

T = TypeVar("T")


@dataclass(frozen=True)
class Bank:
    """A consumer of this test, with its key."""

    consumer_id: str
    name: str
    api: Api

    def create_customer(self, name: str = "Jane Roe", **fields: object) -> str:
        """Create a customer and return its id."""
        reply = self.api.post("/customer/data", name=name, **fields)
        assert reply.status == 201, reply
        return str(reply.data["customer_id"])


def together(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Make all calls at once, each as if in its own process. Results keep the order of the calls."""
    return at_once(calls, lambda: wiring.parts().close())


def new_bank(admin: Api) -> Bank:
    """Onboard a consumer with a unique name. The caller must remove its queues."""

    def post(path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        reply = admin.post(path, **body)
        assert reply.status == 201, reply
        return reply.data

    tenant = onboard(post, f"bank_{uuid.uuid4().hex[:12]}")
    return Bank(tenant.consumer_id, tenant.name, admin.with_key(tenant.key))


def forget_consumer(query: Query, consumer_id: str) -> None:
    """Remove a consumer's row, as a backup does that is older. A trigger would refuse it."""
    query("SET session_replication_role = replica")
    query("DELETE FROM consumers WHERE consumer_id = %(id)s", id=consumer_id)
    query("RESET session_replication_role")


@contextmanager
def parts_with(environment: dict[str, str], **changes: str) -> Iterator[Parts]:
    """Act as another process for the block: separate wiring with some settings changed."""
    before, parts = wiring.parts(), wiring.build({**environment, **changes})
    wiring.use(parts)
    try:
        yield parts
    finally:
        parts.close()
        wiring.use(before)


@pytest.fixture
def parts(environment: dict[str, str]) -> Iterator[Parts]:
    """This process's wiring, on this test's database, as in a package of banking alone."""
    parts = wiring.build(environment)
    wiring.use(parts)
    import_module("app")  # it says itself which systems are served
    others = systems.served()
    systems.served.use(systems.named("banking"))
    yield parts
    systems.served.use(others)
    parts.close()
    wiring.use(None)


@pytest.fixture
def admin(parts: Parts, environment: dict[str, str]) -> Api:
    """The API with the admin's key."""
    return Api(environment["ADMIN_API_KEY"])


@pytest.fixture
def make_bank(admin: Api, environment: dict[str, str]) -> Iterator[Callable[[], Bank]]:
    """Onboard consumers with unique names. Their queues are removed afterwards."""
    banks: list[Bank] = []

    def make() -> Bank:
        banks.append(new_bank(admin))
        return banks[-1]

    yield make
    with suppress(pika.exceptions.AMQPConnectionError):  # the test stopped the broker
        remove_queues(environment["RABBITMQ_URL"], [bank.name for bank in banks])


@pytest.fixture
def bank(make_bank: Callable[[], Bank]) -> Bank:
    """A consumer of this test."""
    return make_bank()


@pytest.fixture
def event_id(bank: Bank, query: Query) -> str:
    """The event id of a customer that the bank has just created."""
    customer_id = bank.create_customer()
    (row,) = query(
        "SELECT event_id FROM customer_events WHERE customer_id = %(id)s", id=customer_id
    )
    return str(row["event_id"])
