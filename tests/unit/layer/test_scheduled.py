"""A run of a schedule is written down as what it was."""

from __future__ import annotations

from typing import Any, cast
from unittest.mock import Mock

import pytest

from fintegrate.metrics import SCHEDULE_RUNS
from fintegrate.scheduled import schedules


@pytest.mark.parametrize("ending", [RuntimeError, SystemExit, KeyboardInterrupt])
def test_run_that_ends_early_failed(ending: type[BaseException]) -> None:
    runs, metrics = Mock(), Mock()

    @schedules(lambda: cast(Any, metrics), lambda: cast(Any, runs))
    def sweep(_event: object) -> dict[str, Any]:
        raise ending("in the middle")

    with pytest.raises(ending):
        sweep({})

    (_, _, _, error), _ = runs.note.call_args
    assert type(error) is ending
    metrics.count.assert_called_once_with(SCHEDULE_RUNS, "sweep", "failed")
