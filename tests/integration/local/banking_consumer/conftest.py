"""A bank of the test's own, on the real broker, with a Fintegrate API that does as it is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.chaos.proxy import TcpProxy
from local.services.running import RunningServices
from tests.integration.local.banking_consumer.bank import Bank
from tests.integration.local.banking_consumer.fake_api import FakeApi, running_fake_api


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running_fake_api() as running:
        yield running


@pytest.fixture
def undeclared_bank(services: RunningServices, api: FakeApi, tmp_path: Path) -> Iterator[Bank]:
    """A bank whose queues are not there yet."""
    bank = Bank(services.urls.rabbitmq_url, api, tmp_path)
    yield bank
    bank.close()


@pytest.fixture
def bank(undeclared_bank: Bank) -> Bank:
    undeclared_bank.declare()
    return undeclared_bank


@pytest.fixture
def broker_proxy(services: RunningServices) -> Iterator[TcpProxy]:
    port = urlsplit(services.urls.rabbitmq_url).port or 5672
    proxy = TcpProxy(lambda: port)
    yield proxy
    proxy.close()
