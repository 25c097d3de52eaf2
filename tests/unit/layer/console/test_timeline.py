"""Steps are in order, and the times of the sides add up, whatever the clocks say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fintegrate.console.timeline import Passage, Step, durations, in_order

BEGUN = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
TIMES = st.integers(-5_000_000, 60_000_000).map(lambda us: BEGUN + timedelta(microseconds=us))
PASSAGES = st.builds(
    Passage, st.just(BEGUN), *(st.none() | TIMES for _ in range(len(Passage._fields) - 1))
)
SIDES = ("ours_ms", "held_back_ms", "queue_ms", "bank_ms")


def later(seconds: float) -> datetime:
    return BEGUN + timedelta(seconds=seconds)


def step(at: datetime, name: str) -> Step:
    return {"at": at, "step": name, "by": None, "outcome": "done", "words": name}


@given(passage=PASSAGES, now=TIMES)
def test_sides_add_up_to_total(passage: Passage, now: datetime) -> None:
    told = durations(passage, now)

    sides = [told[side] for side in SIDES]  # type: ignore[literal-required]
    assert min(sides) >= 0
    assert sum(sides) == told["total_ms"]


@given(passage=PASSAGES, now=TIMES, more=st.integers(0, 60_000))
def test_unfinished_grows_and_finished_stays(passage: Passage, now: datetime, more: int) -> None:
    first, second = (
        durations(passage, max(now, BEGUN) + timedelta(milliseconds=ms)) for ms in (0, more)
    )

    grown = second["total_ms"] - first["total_ms"]
    assert grown == (more if passage.ended is None else 0)


def test_each_side_has_its_time() -> None:
    passage = Passage(BEGUN, BEGUN, later(3), later(5), later(9), later(20))

    assert durations(passage, later(99)) == {
        "ours_ms": 2_000,
        "held_back_ms": 3_000,
        "queue_ms": 4_000,
        "bank_ms": 11_000,
        "total_ms": 20_000,
    }


def test_waiting_event_is_held_back() -> None:
    told = durations(Passage(BEGUN, held_from=later(1)), later(4))

    assert (told["ours_ms"], told["held_back_ms"], told["total_ms"]) == (1_000, 3_000, 4_000)


def test_steps_of_one_time_keep_their_order() -> None:
    steps = [step(later(1), "sent"), step(BEGUN, "sent"), step(BEGUN, "begun")]

    told = in_order(steps, ("begun", "sent"))

    assert [(each["at"], each["step"]) for each in told] == [
        (BEGUN, "begun"),
        (BEGUN, "sent"),
        (later(1), "sent"),
    ]
