"""The summary of a run: its sums agree, and it tells of failed rows what the description says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fintegrate.outbox import summary as module
from fintegrate.outbox.summary import Summary
from fintegrate.outcome import Outcome, Result

LISTED = {"letter": "letter_id", "tries": "try_count"}


def letters(count: int) -> list[dict[str, object]]:
    return [{"letter_id": number, "try_count": 1, "text": "…"} for number in range(count)]


@given(st.lists(st.sampled_from(list(Result))), st.integers(0, 5))
def test_sums_always_agree(results: list[Result], pending: int) -> None:
    summary = Summary(pending)

    summary.add(letters(len(results)), [Outcome(result) for result in results], LISTED)

    counts = summary.counts()
    assert counts["total_pending"] == counts["attempted"] + counts["skipped"]
    assert counts["attempted"] == counts["succeeded"] + counts["failed"]
    assert counts["skipped"] >= 0


def test_failed_row_names_its_columns() -> None:
    summary = Summary()

    summary.add(letters(2), [Outcome(Result.CONFIRMED), Outcome(Result.REFUSED, "no")], LISTED)

    assert summary.failures == [{"letter": 1, "tries": 1, "failure_reason": "no"}]


def test_included_run_adds_its_counts() -> None:
    first, second = Summary(3), Summary(1)
    first.add(letters(1), [Outcome(Result.CONFIRMED)], LISTED)
    second.add(letters(1), [Outcome(Result.REFUSED, "no")], LISTED)

    first.include(second)

    assert first.counts() == {
        "total_pending": 4, "attempted": 2, "succeeded": 1, "failed": 1, "skipped": 2,
    }  # fmt: skip
    assert len(first.failures) == 1


def test_unsent_row_is_no_failure() -> None:
    summary = Summary(2)

    summary.add(letters(2), [Outcome(Result.UNSENT, "away"), Outcome(Result.HELD_BACK)], LISTED)

    assert (summary.attempted, summary.skipped, summary.failures) == (0, 2, [])


def test_listed_failures_are_bounded() -> None:
    summary = Summary()
    many = module.MAX_FAILURES_LISTED + 1

    summary.add(letters(many), [Outcome(Result.REFUSED, "no")] * many, LISTED)

    assert summary.failed == many
    assert len(summary.failures) == module.MAX_FAILURES_LISTED
