"""What may be chosen through the environment."""

from __future__ import annotations

import pytest

from local.banking.demo.stage import read_choices
from local.serving.playing import WrongChoice


def test_choices_have_defaults() -> None:
    choices = read_choices({})
    assert (choices.customers, choices.seed) == (300, None)
    assert choices.deadline_seconds >= 120


def test_choices_come_from_the_environment() -> None:
    choices = read_choices({"DEMO_CUSTOMERS": "5000", "DEMO_SEED": "7"})
    assert (choices.customers, choices.seed) == (5000, 7)
    assert choices.deadline_seconds >= 2500


@pytest.mark.parametrize("nonsense", ["0", "-3", "many", "1e3"])
def test_nonsense_is_named(nonsense: str) -> None:
    with pytest.raises(WrongChoice, match="DEMO_CUSTOMERS must be"):
        read_choices({"DEMO_CUSTOMERS": nonsense})


def test_delivery_is_one_of_two() -> None:
    assert read_choices({}).delivery == read_choices({"DELIVERY": "queue"}).delivery == "queue"
    assert read_choices({"DELIVERY": "webhook"}).delivery == "webhook"
    with pytest.raises(WrongChoice, match="DELIVERY must be queue or webhook"):
        read_choices({"DELIVERY": "pigeon"})
