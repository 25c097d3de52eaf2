"""Fixtures of the customer service's tests: a second tenant and a customer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.banking.customer.tagging import add_tags
from tests.support.banking import Bank


@pytest.fixture
def stranger(make_bank: Callable[[], Bank]) -> Bank:
    """Another tenant."""
    return make_bank()


@pytest.fixture
def customer_id(bank: Bank) -> str:
    """A customer of `bank`."""
    return bank.create_customer()


@pytest.fixture
def tagged(bank: Bank, customer_id: str) -> str:
    """A customer of `bank` with the tags city=Riga and tier=gold."""
    add_tags(bank, customer_id, city="Riga", tier="gold")
    return customer_id
