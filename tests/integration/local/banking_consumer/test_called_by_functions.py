"""The functions call the reference consumer, which needs no broker and no key: its answers say all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chalicelib.banking import wiring
from chalicelib.banking.wiring import Parts
from local.banking.consumer.view import CustomerView, view_beside
from local.banking.demo.ledger import differing
from local.banking.webhook_addresses import url_at
from local.serving.server import listen
from tests.integration.local.banking_consumer.bank import Bank as Program
from tests.integration.local.banking_consumer.caller import Called
from tests.integration.local.banking_consumer.fake_api import FakeApi
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.outbox import statuses
from tests.support.waiting import eventually

NAME = "Żółć & Söhne <AG> ]]> 😀"


@pytest.fixture
def port() -> int:
    with listen(None) as listener:
        found: int = listener.getsockname()[1]
    return found


@pytest.fixture
def environment(environment: dict[str, str], port: int) -> dict[str, str]:
    allowed = {"STAGE": "local", "WEBHOOK_ALLOW_HOSTS": f"127.0.0.1:{port}"}
    return {**environment, **allowed, "WEBHOOK_RETRY_SECONDS": "0"}


@pytest.fixture
def tenant(parts: Parts, make_bank: Callable[[], Bank]) -> Iterator[Bank]:
    """A bank that the functions know."""
    yield make_bank()
    parts.webhooks().close()


@pytest.fixture
def called(
    admin: Api, tenant: Bank, api: FakeApi, rabbitmq_url: str, tmp_path: Path, port: int
) -> Iterator[Called]:
    """The bank's program, to be started, as the admin has chosen it to be called."""
    program = Program(rabbitmq_url, api, tmp_path, tenant.name)
    yield Called(program, choose(admin, tenant, port), port)
    program.close()


def choose(admin: Api, tenant: Bank, port: int) -> str:
    """Have the bank called, also at once if it was away; gives the secret if it was made now."""
    chosen = admin.post(
        "/consumer/delivery",
        consumer_id=tenant.consumer_id,
        delivery="webhook",
        url=url_at(port),
    )
    assert chosen.status == 200, chosen
    return chosen.data["secret"] or ""


def deliver() -> dict[str, int]:
    return wiring.parts().webhooks().run().rows


def test_both_formats_reach_the_view(
    admin: Api, tenant: Bank, called: Called, query: Query
) -> None:
    called.start("--view")
    first = tenant.create_customer(NAME)
    deliver()
    admin.post("/consumer/format", consumer_id=tenant.consumer_id, message_format="xml")
    second = tenant.create_customer(NAME)
    tenant.api.patch("/customer/change-status", customer_id=first, status="INACTIVE")
    tenant.api.delete("/customer/data", customer_id=second)

    assert deliver() == {"delivered": 3}

    assert statuses(query, tenant.consumer_id, "deliver_status") == {"delivered": 4}
    rows = tenant.api.get("/customer/list", limit=200).data["customers"]
    with CustomerView(view_beside(called.bank.store)) as view:
        assert view.customers() == {first: (NAME, "INACTIVE")}
        assert list(differing(view.customers(), rows)) == []
    assert called.bank.api.requests == []


def test_refusal_keeps_its_customers_order(tenant: Bank, called: Called, query: Query) -> None:
    called.start("--refuse-at", "1")
    customer = tenant.create_customer()
    tenant.api.patch("/customer/change-status", customer_id=customer, status="INACTIVE")

    assert deliver() == {"refused": 1, "delivered": 2}

    stored = called.bank.stored("SELECT sequence, outcome FROM seen_events ORDER BY rowid")
    assert stored == [(1, "processed"), (2, "processed")]
    assert statuses(query, tenant.consumer_id, "deliver_status") == {"delivered": 2}


def test_failure_is_the_banks_word(tenant: Bank, called: Called) -> None:
    called.start("--fail-rate", "1", "--seed", "1")
    tenant.create_customer()
    deliver()

    (event,) = tenant.api.get("/events/list").data["events"]

    assert (event["publish_status"], event["deliver_status"]) == ("published", "failed")
    assert event["deliver_failure_reason"] == "failed on demand"


def test_death_before_the_answer_is_healed(
    admin: Api, tenant: Bank, called: Called, query: Query, port: int
) -> None:
    _, process = called.start("--die-after", "1")
    tenant.create_customer()
    deliver()
    assert process.wait(timeout=30) == 70
    assert statuses(query, tenant.consumer_id) == {"pending": 1}
    assert called.bank.stored("SELECT outcome FROM seen_events") == [("processed",)]

    called.start()
    choose(admin, tenant, port)
    eventually(
        lambda: deliver() and statuses(query, tenant.consumer_id) == {"published": 1},
        "it came again",
    )

    assert called.bank.stored("SELECT count(*), sum(repeats) FROM seen_events") == [(1, 1)]
    assert statuses(query, tenant.consumer_id, "deliver_status") == {"delivered": 1}


def test_rotation_loses_nothing(admin: Api, tenant: Bank, called: Called, query: Query) -> None:
    _, process = called.start()
    made = admin.post("/consumer/delivery/rotate", consumer_id=tenant.consumer_id)
    tenant.create_customer()
    assert deliver() == {"delivered": 1}, "the bank still knows the former secret only"

    called.bank.stop(process)
    called.secret = made.data["secret"]
    called.start()
    tenant.create_customer()
    assert deliver() == {"delivered": 1}, "it knows the new one only"
    assert statuses(query, tenant.consumer_id, "deliver_status") == {"delivered": 2}
