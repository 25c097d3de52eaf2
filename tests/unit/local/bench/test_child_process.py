"""The process beside a measurement: what it is told and says, and how its end is noticed."""

from __future__ import annotations

import os
from multiprocessing.connection import Connection

import psutil
import pytest

from local.bench.child_process import child_process
from local.bench.event_sources import event_sources


def adding(first: int, pipe: Connection) -> None:
    while True:
        pipe.send((os.getpid(), first + pipe.recv()))


def saying_nothing(_pipe: Connection) -> None:
    return


def test_child_answers_until_the_end() -> None:
    with child_process(adding, 2) as child:
        child.send(3)
        pid, total = child.recv()
        assert psutil.pid_exists(pid)

    assert pid != os.getpid()
    assert total == 5
    assert not psutil.pid_exists(pid)


def test_early_end_is_an_error() -> None:
    with (
        pytest.raises(RuntimeError, match="saying_nothing ended early"),
        child_process(saying_nothing) as child,
    ):
        child.recv()


@pytest.mark.parametrize(("app", "schedules"), [("no_such_app", ""), ("app", "no_such_schedule")])
def test_failed_start_is_an_error(
    monkeypatch: pytest.MonkeyPatch, app: str, schedules: str
) -> None:
    monkeypatch.setenv("LOCAL_APP", app)
    monkeypatch.setenv("SYSTEM", "relay")

    with pytest.raises(RuntimeError, match="_feed ended early"), event_sources(schedules):
        pytest.fail("nothing feeds the functions")
