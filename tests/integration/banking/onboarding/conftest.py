"""Fixtures of the tests of onboardings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fintegrate.messaging.management import Management
from tests.integration.banking.onboarding.onboarded import Onboardings
from tests.support.api import Api
from tests.support.fixtures import Query


@pytest.fixture
def onboardings(admin: Api, query: Query, environment: dict[str, str]) -> Iterator[Onboardings]:
    """Their queues and users of the broker are removed afterwards."""
    management = Management(environment["RABBITMQ_MANAGEMENT_URL"])
    made = Onboardings(admin, query, environment, management)
    yield made
    made.clear()
