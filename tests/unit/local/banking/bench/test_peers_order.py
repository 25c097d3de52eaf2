"""The judge of the queues sees what was overtaken, doubled or lost, and blames nobody else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.banking.bench.peers.order import Verdict, judge

ANN, BEN = "ann", "ben"


@pytest.mark.parametrize(
    ("queue", "verdict"),
    [
        ([], Verdict(0, 0, 0)),
        ([(ANN, 1), (BEN, 1), (ANN, 2), (BEN, 2)], Verdict(4, 4, 0)),
        ([(ANN, 2), (BEN, 1), (ANN, 1)], Verdict(3, 3, 1)),
        ([(ANN, 3), (ANN, 1), (ANN, 2)], Verdict(3, 3, 2)),
        ([(ANN, 1), (ANN, 3)], Verdict(2, 2, 0)),
        ([(ANN, 1), (ANN, 2), (ANN, 1), (ANN, 2)], Verdict(4, 2, 0)),
        ([(ANN, 2), (ANN, 2), (ANN, 1), (ANN, 1)], Verdict(4, 2, 1)),
    ],
    ids=["nothing", "order", "swapped", "last first", "gap", "batch repeated", "both"],
)
def test_queue_gets_its_verdict(queue: list[tuple[str, int]], verdict: Verdict) -> None:
    assert judge([queue]) == verdict


def test_queues_are_judged_together() -> None:
    verdict = judge([[(ANN, 1), (ANN, 2)], [(BEN, 2), (BEN, 1)], [(ANN, 1)]])

    assert verdict == Verdict(messages=5, distinct=4, overtaken=1)
    assert verdict.repeated == 1


@given(st.lists(st.tuples(st.sampled_from([ANN, BEN]), st.integers(1, 6))))
def test_overtaken_follows_a_later_event(
    queue: list[tuple[str, int]],
) -> None:
    first_deliveries = list(dict.fromkeys(queue))
    overtaken = [
        event
        for index, event in enumerate(first_deliveries)
        if any(c == event[0] and s > event[1] for c, s in first_deliveries[:index])
    ]

    assert judge([queue]) == Verdict(len(queue), len(first_deliveries), len(overtaken))
