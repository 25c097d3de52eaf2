"""Answers from memory."""

from __future__ import annotations

import weakref

from fintegrate.console.kept import Kept, etag
from tests.unit.layer.clock import Clock


def test_answer_is_kept_for_its_time() -> None:
    clock, made = Clock(), list[int]()
    kept = Kept[int](1.0, clock)

    def make() -> int:
        made.append(len(made))
        return made[-1]

    assert [kept.get("a", make), kept.get("a", make)] == [0, 0]
    assert kept.get("b", make) == 1
    clock.now += 1.0
    assert kept.get("a", make) == 2
    kept.clear()
    assert kept.get("a", make) == 3


def test_slow_answer_is_kept_longer() -> None:
    clock = Clock()
    kept = Kept[float](1.0, clock)

    def slow() -> float:
        clock.now += 0.5
        return clock.now

    first = kept.get("a", slow)
    clock.now += 4.9
    assert kept.get("a", slow) == first
    clock.now += 0.2
    assert kept.get("a", slow) > first


def test_old_answers_are_forgotten() -> None:
    clock = Clock()
    kept = Kept[weakref.WeakSet[Clock]](1.0, clock)
    old = weakref.ref(kept.get("old", weakref.WeakSet))
    clock.now += 0.5
    young = weakref.ref(kept.get("young", weakref.WeakSet))
    clock.now += 0.6

    kept.get("new", weakref.WeakSet)

    assert (old() is None, young() is None) == (True, False)


def test_memory_is_bounded() -> None:
    kept = Kept[int](100.0)
    for number in range(1_200):
        kept.get(number, lambda number=number: number)  # type: ignore[misc]

    assert len(kept._kept) <= 500


def test_version_ignores_the_time() -> None:
    one, other = ({"as_of": number, "pending": 3} for number in (1, 2))

    assert etag(one, "as_of") == etag(other, "as_of")
    assert etag(one) != etag(other)
    assert etag({**one, "pending": 4}, "as_of") != etag(one, "as_of")
