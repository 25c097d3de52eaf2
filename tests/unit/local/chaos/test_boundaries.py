"""A process dies at its boundary; a step that does not exist is an error and no silence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from local.chaos import watching
from local.chaos.boundaries import (
    Boundary,
    Edge,
    Method,
    NoSuchStep,
    Sql,
    Statement,
    Step,
    after,
    before,
)

SQL = "functions/banking/events/outbox.sql"
MARK = Statement(SQL, "mark_published")


@pytest.mark.parametrize(
    "step",
    [
        Statement(SQL, "mark_publishd"),
        Statement("functions/banking/events/outbx.sql", "mark_published"),
        Method("fintegrate.messaging.pipeline:Pipeline.answerd"),
        Method("fintegrate.pipelin:Pipeline.answered"),
        Method("fintegrate.messaging.pipeline:Pipeline.waiting"),
    ],
    ids=["statement", "file", "method", "module", "no method"],
)
def test_missing_step_is_an_error(step: Step) -> None:
    with pytest.raises(NoSuchStep):
        before(step).check()
    with pytest.raises(NoSuchStep):
        before(Sql(""), since=step).check()


@pytest.fixture
def steps_before_death(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Boundary, list[str]], list[str]]:
    """Which of these statements were begun or done before the death, at a boundary in SQL."""

    def run(boundary: Boundary, statements: list[str]) -> list[str]:
        notices: list[Callable[[Edge, str], None]] = []
        monkeypatch.setattr(watching, "_watch_database", notices.append)
        deaths: list[str] = []
        passed: list[str] = []
        watching.Watch(boundary, lambda: deaths.append("died")).install()
        for sql in statements:
            for edge in Edge:
                notices[0](edge, sql)
                if deaths:
                    return passed
                passed.append(f"{edge.value} {sql}")
        return ["never"]

    return run


@pytest.mark.parametrize(
    ("boundary", "passed"),
    [
        (before(Sql("B")), 2),
        (after(Sql("B")), 3),
        (before(Sql("A"), 2), 4),
        (before(Sql("A"), since=Sql("B")), 4),
        (after(Sql("A"), 2, since=Sql("B")), 9),
    ],
)
def test_process_dies_at_its_boundary(
    steps_before_death: Callable[[Boundary, list[str]], list[str]], boundary: Boundary, passed: int
) -> None:
    assert len(steps_before_death(boundary, ["A", "B", "A", "C", "A"])) == passed


def test_unreached_boundary_kills_nothing(
    steps_before_death: Callable[[Boundary, list[str]], list[str]],
) -> None:
    assert steps_before_death(before(Sql("C"), 2, since=Sql("C")), ["C", "A"]) == ["never"]
    assert steps_before_death(before(MARK), ["UPDATE something"]) == ["never"]
    assert steps_before_death(before(MARK), [MARK.text]) == []
