"""Banks that are called: a receiver on this machine, and the way out that reaches it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from chalicelib.banking import wiring
from chalicelib.banking.wiring import Parts
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.receiver import Receiver, receiving
from tests.support.webhooks import Called, called


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def environment(environment: dict[str, str], receiver: Receiver) -> dict[str, str]:
    return {
        **environment,
        "STAGE": "local",
        "WEBHOOK_ALLOW_HOSTS": receiver.allowed,
        "WEBHOOK_RETRY_SECONDS": "0,0,0",
        "WEBHOOK_TEST_WAIT_SECONDS": "5",
    }


@pytest.fixture
def way_out(parts: Parts) -> Iterator[None]:
    """What is kept open to receivers is closed before they end."""
    yield
    parts.webhooks().close()


@pytest.fixture
def webhook(way_out: None, admin: Api, bank: Bank, receiver: Receiver) -> Called:
    """A bank that is called."""
    return called(admin, bank, receiver)


@pytest.fixture
def make_webhook(
    way_out: None, admin: Api, make_bank: Callable[[], Bank], receiver: Receiver
) -> Callable[..., Called]:
    """Makes further banks that are called, by another receiver if one is named."""

    def make(of: Receiver = receiver, **settings: object) -> Called:
        return called(admin, make_bank(), of, **settings)

    return make


def deliver() -> dict[str, int]:
    """A run of the webhooks; events by the kind of their verdict."""
    return wiring.parts().webhooks().run().rows
