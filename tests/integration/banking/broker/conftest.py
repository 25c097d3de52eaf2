"""A bank's own user of the real broker, and the function that makes it, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pika
import pytest

from chalicelib.banking.broker.access import username_of
from fintegrate.messaging.management import Management
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.broker_admin import parameters_of, run_broker_admin


@pytest.fixture
def management(environment: dict[str, str]) -> Management:
    return Management(environment["RABBITMQ_MANAGEMENT_URL"])


@pytest.fixture
def make_access(
    admin: Api, management: Management
) -> Iterator[Callable[[Bank], pika.URLParameters]]:
    """Gives a bank access and has it brought about; returns how its program connects."""
    users: list[str] = []

    def make(bank: Bank) -> pika.URLParameters:
        users.append(username_of(bank.name))
        reply = admin.post("/consumer/broker-access", consumer_id=bank.consumer_id)
        assert reply.status == 201, reply
        run_broker_admin("settle")
        return parameters_of(reply.data)

    yield make
    for user in users:
        management.delete_user(user)


@pytest.fixture
def access(bank: Bank, make_access: Callable[[Bank], pika.URLParameters]) -> pika.URLParameters:
    """How this test's bank connects."""
    return make_access(bank)
