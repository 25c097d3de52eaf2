"""The customers' model holds by HTTP, whichever way the functions run; `make nights` tries it longer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.acceptance.http.conftest import Served
from tests.acceptance.test_customer_model import BOUNDS, CustomerMachine
from tests.support.banking import Bank
from tests.support.fixtures import Query


@pytest.mark.parametrize("examples", [8, pytest.param(30, marks=pytest.mark.night_long)])
def test_customer_api_behaves_as_its_model(
    served: Served, make_bank: Callable[[], Bank], query: Query, rabbitmq_url: str, examples: int
) -> None:
    bounds = settings(BOUNDS, max_examples=examples, stateful_step_count=40)
    run_state_machine_as_test(
        lambda: CustomerMachine(make_bank, query, rabbitmq_url), settings=bounds
    )
