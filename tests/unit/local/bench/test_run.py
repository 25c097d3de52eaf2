"""Which measurements run."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from local.bench.figures import Figures
from local.bench.run import Suite, chosen


def measured(_template: object) -> Figures:
    return {}


SUITES = [
    Suite(lambda _urls: nullcontext(), {"drain": measured, "create": measured}, {}),
    Suite(
        lambda _urls: nullcontext(), {"send": measured, "slow": measured}, {}, frozenset({"slow"})
    ),
]


def names(only: str) -> list[list[str]]:
    return [list(measurements) for measurements in chosen(only, SUITES)]


def test_long_measurements_run_when_named() -> None:
    assert names("") == [["drain", "create"], ["send"]]
    assert names("slow") == [[], ["slow"]]


def test_measurements_of_several_systems_run() -> None:
    assert names("send,drain") == [["drain"], ["send"]]


def test_unknown_measurement_is_named() -> None:
    with pytest.raises(
        SystemExit, match="no measurement drains; there are drain, create, send, slow"
    ):
        chosen("drains", SUITES)
