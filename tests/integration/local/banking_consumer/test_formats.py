"""The reference consumer reads what the functions have published, in both formats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.local.banking_consumer.bank import Bank as Program
from tests.integration.local.banking_consumer.fake_api import FakeApi
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.broker import queued

NAME = "Żółć & Söhne <AG> ]]> 😀"


@pytest.fixture
def tenant(make_bank: Callable[[], Bank]) -> Bank:
    """A bank that the functions know."""
    return make_bank()


@pytest.fixture
def program(tenant: Bank, api: FakeApi, rabbitmq_url: str, tmp_path: Path) -> Iterator[Program]:
    """The bank's reference consumer, on the queue that the functions have declared."""
    program = Program(rabbitmq_url, api, tmp_path, tenant.name)
    yield program
    program.close()


def test_consumer_reads_both_formats(admin: Api, tenant: Bank, program: Program) -> None:
    first = tenant.create_customer(NAME)
    reply = admin.post("/consumer/format", consumer_id=tenant.consumer_id, message_format="xml")
    second = tenant.create_customer(NAME)

    status, output = program.run("--max-messages", "2")

    assert (reply.status, reply.data["message_format"]) == (200, "xml")
    assert status == 0, output
    stored = program.stored("SELECT customer_id, name, status FROM customers ORDER BY rowid")
    assert stored == [(first, NAME, "ACTIVE"), (second, NAME, "ACTIVE")]
    assert [status for _, status in program.api.confirmed()] == ["processed", "processed"]


def test_message_names_its_format(admin: Api, tenant: Bank, rabbitmq_url: str) -> None:
    admin.post("/consumer/format", consumer_id=tenant.consumer_id, message_format="xml")
    customer_id = tenant.create_customer(NAME)

    ((properties, body),) = queued(rabbitmq_url, tenant.name, 1)

    assert (properties.content_type, properties.content_encoding) == ("application/xml", "utf-8")
    assert body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<customer_creation xmlns=')
    assert f"<customer_id>{customer_id}</customer_id>" in body.decode()
    assert properties.headers is not None
    assert properties.headers["epoch"] == 1
