"""Which copies of an event count as repeats after a kill, and which were meant or are the broker's."""

from __future__ import annotations

import pytest

from local.banking.chaos.evidence import Delivery, Evidence
from local.banking.chaos.kill_points.trial import repeats

EVENT = "an event"


def seen(*redelivered: bool) -> Evidence:
    return Evidence(
        ["bank"], deliveries=[Delivery("bank", EVENT, "c", 1, each) for each in redelivered]
    )


@pytest.mark.parametrize(
    ("evidence", "redeliveries", "count"),
    [
        (seen(), 0, 0),
        (seen(False), 0, 0),
        (seen(False, False), 0, 1),
        (seen(False, False, False), 0, 2),
        (seen(False, True, True), 0, 0),
        (seen(False, False), 1, 0),
        (seen(False, False, False), 1, 1),
        (seen(False), 1, 0),
    ],
)
def test_repeats_are_counted_by_event(evidence: Evidence, redeliveries: int, count: int) -> None:
    assert repeats(evidence, {EVENT: redeliveries})[EVENT] == count
