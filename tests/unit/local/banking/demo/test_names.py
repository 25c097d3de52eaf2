"""Invented customers are fit for the API, varied, and repeatable by seed."""

from __future__ import annotations

import re
from functools import partial
from random import Random

from local.banking.demo.names import bank_name, other_risk, portrait
from tests.support.threads import at_once


def test_portraits_are_fit_for_the_api() -> None:
    random = Random(1)
    portraits = [portrait(random) for _ in range(500)]
    for each in portraits:
        assert each.name == each.name.strip()
        assert 3 <= len(each.name) <= 255
        assert each.status in ("ACTIVE", "INACTIVE")
        assert set(each.tags) == {"segment", "country", "risk_class", "onboarding_channel"}
    assert len({each.name for each in portraits}) > 300


def test_seed_repeats_the_portraits() -> None:
    assert portrait(Random(5)) == portrait(Random(5))


def test_threads_draw_their_own_names() -> None:
    drawn = at_once([partial(portrait, Random(seed)) for seed in range(16)])

    assert drawn == [portrait(Random(seed)) for seed in range(16)]


def test_bank_names_are_consumer_names() -> None:
    names = {bank_name(Random(seed)) for seed in range(100)}
    assert len(names) > 90
    assert all(re.fullmatch(r"bank_[a-z]+_[0-9a-f]{4}", name) for name in names)


def test_new_risk_is_another() -> None:
    assert {other_risk(Random(seed), "low") for seed in range(20)} == {"medium", "high"}
