"""Work in turn: each has its share of the time, and who is away stops no other one."""

from __future__ import annotations

import time

import pytest

from fintegrate.errors import Unavailable
from fintegrate.in_turn import Incomplete, in_turn


def test_results_keep_their_order() -> None:
    assert in_turn({"a": lambda _: 1, "b": lambda _: 2}, 10.0) == [1, 2]


def test_unused_time_is_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[float] = []
    with monkeypatch.context() as stopped:
        stopped.setattr(time, "monotonic", lambda: 0.0)
        in_turn(dict.fromkeys("abcd", shares.append), 12.0)

    assert shares == [3.0, 4.0, 6.0, 12.0]


def test_who_is_away_stops_no_other() -> None:
    done: list[str] = []

    def away(_seconds: float) -> None:
        raise Unavailable("gone")

    work = {"a": away, "b": lambda _: done.append("b"), "c": away}
    with pytest.raises(Incomplete, match="not done: a, c"):
        in_turn(work, 10.0)
    assert done == ["b"]


def test_defect_is_not_hidden() -> None:
    def broken(_seconds: float) -> None:
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        in_turn({"a": broken}, 10.0)
