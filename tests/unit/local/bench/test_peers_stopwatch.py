"""What a relay in another interpreter is told, and what it tells, arrives as it was sent."""

from __future__ import annotations

import pytest

from local.bench.peers.stopwatch import Result, Task, tell, together, told


def test_task_arrives_through_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    task = Task(seconds=6.0, workers=8)
    for name, value in task.as_environment().items():
        monkeypatch.setenv(name, value)

    assert Task.from_environment() == task


def test_last_line_is_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    print("a library's greeting")
    tell(Result(events=7, seconds=0.5, cpu_seconds=0.25))

    assert told(capsys.readouterr().out) == Result(7, 0.5, 0.25)


def test_slowest_instance_sets_the_time() -> None:
    results = [Result(10, 2.0, 0.5), Result(20, 3.0, 1.0)]

    assert together(results) == Result(30, 3.0, 1.5)
