"""A schedule fails for hours, or does not run at all: health and metrics show which, and since when."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.banking.wiring import Parts
from chalicelib.operations import health
from tests.integration.operations.pages import get
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.schedules import run_schedule

EVERY = {
    "archive",
    "count_usage",
    "deliver_webhooks",
    "expire_api_keys",
    "export",
    "observe_broker",
    "offboard",
    "onboard",
    "publish_metrics",
    "purge",
    "reconcile",
    "redeliver",
    "resend",
    "replay",
    "rewind",
    "sweep_dead_letters",
    "watch_restore",
    "write_minutes",
}


@pytest.fixture
def break_resend(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The schedule fails from now on."""

    def broken(_settings: object, _scope: object) -> object:
        raise RuntimeError("as the night wants")

    return lambda: monkeypatch.setattr(
        "chalicelib.banking.schedules.run_resend.resend_filters", broken
    )


@pytest.fixture
def pass_hours(query: Query) -> Callable[[int], None]:
    """What is written down lies further back, as after a night."""

    def passed(hours: int) -> None:
        query(
            "UPDATE schedule_runs SET last_run_at = last_run_at - make_interval(hours => %(hours)s),"
            " last_success_at = last_success_at - make_interval(hours => %(hours)s),"
            " expected_since = expected_since - make_interval(hours => %(hours)s)",
            hours=hours,
        )

    return passed


def schedules() -> dict[str, dict[str, object]]:
    health._kept = None
    reply = Api(None).get("/health")
    assert reply.status == 200
    found = reply.data["schedules"]
    return {"all": {"status": found["status"]}, **found["runs"]}


def fail() -> None:
    with pytest.raises(RuntimeError):
        run_schedule("resend")


def test_failing_schedule_is_seen_at_once(
    parts: Parts, break_resend: Callable[[], None], query: Query
) -> None:
    run_schedule("resend")
    assert schedules()["resend"]["status"] == "on_time"
    break_resend()

    fail()

    found = schedules()
    assert found["all"]["status"] == "failing"
    assert (found["resend"]["status"], found["resend"]["error"]) == ("failing", "RuntimeError")
    assert found["resend"]["last_success_at"] < found["resend"]["last_run_at"]  # type: ignore[operator]
    (row,) = query("SELECT last_run_id, last_error FROM schedule_runs WHERE schedule = 'resend'")
    assert str(row["last_run_id"]).startswith("resend-")


def test_schedule_that_fails_for_hours_is_late(
    admin: Api, break_resend: Callable[[], None], pass_hours: Callable[[int], None]
) -> None:
    run_schedule("resend")
    pass_hours(2)
    break_resend()

    fail()

    assert schedules()["resend"]["status"] == "late"
    page = get("/metrics", key=admin.key).text
    assert 'fintegrate_schedule_late{schedule="resend"} 1.0' in page
    assert 'fintegrate_schedule_failing{error="RuntimeError",schedule="resend"} 1.0' in page


def test_schedule_that_never_ran_is_late(parts: Parts, pass_hours: Callable[[int], None]) -> None:
    found = schedules()
    assert found.keys() == {"all", *EVERY}
    assert {run["status"] for run in found.values()} == {"on_time"}  # expected, and not missed yet

    pass_hours(4)

    late = {name for name, run in schedules().items() if run["status"] == "late"}
    assert late == {"all", *EVERY} - {"purge"}  # which runs once a day


def test_healed_schedule_is_on_time_again(
    parts: Parts,
    break_resend: Callable[[], None],
    pass_hours: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    break_resend()
    fail()
    schedules()
    pass_hours(2)
    assert schedules()["resend"]["status"] == "late"
    monkeypatch.undo()

    run_schedule("resend")

    assert (schedules()["resend"]["status"], schedules()["resend"]["error"]) == ("on_time", None)


def test_schedule_runs_without_its_record(bank: Bank, query: Query) -> None:
    """Bookkeeping that fails must not fail the schedule."""
    query("ALTER TABLE schedule_runs RENAME TO elsewhere")

    assert run_schedule("resend")["total_pending"] == 0
