"""A stream's figures meet conditions just beyond the thresholds; what is unknown meets none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.banking.overview import figures
from chalicelib.banking.overview.conditions import CONDITIONS
from chalicelib.banking.tenants import ADMIN_ID
from fintegrate.console.attention import attention, in_short, verdict, worst
from fintegrate.console.servers import SystemState, missed_periods
from fintegrate.schedule_runs import ScheduleState

NOW = datetime(2026, 11, 26, 2, 47, tzinfo=UTC)
KINDS = (
    *("pending", "held_back", "publish_failed", "undelivered", "failed", "received", "unmatched"),
    "refused",
)
CALM: dict[str, Any] = {
    "consumer_id": "ff01c223-53f5-41dc-81dd-76ae90ac2b95",
    "name": "first_bank",
    "status": "active",
    "at": NOW,
    "pending": 0,
    "pending_cut": False,
    "held_back": 0,
    "publish_failed": 0,
    "undelivered": 0,
    "undelivered_cut": False,
    "delivery_failed": 0,
    "dead_letters": 0,
    "received": 0,
    "unmatched": 0,
    "refused": 0,
    "webhook_state": None,
    "webhook_since": None,
    **{f"oldest_{kind}_at": None for kind in KINDS},
    "paused_since": None,
    "key_expires_at": NOW + timedelta(days=90),
    "queue_depth": 0,
    "readers": 1,
    "has_confirmed": False,
    "replay_still_since": None,
}


def names(row: dict[str, Any], past: dict[str, Any] | None = None, **ledger: Any) -> list[str]:
    full = figures.completed({**CALM, **row}, past, ledger or None)
    return [finding.condition.name for finding in figures.findings(full)]


@pytest.mark.parametrize(
    ("has_confirmed", "expected"), [(False, []), (True, ["queue_without_reader"])]
)
def test_operators_unused_queue_asks_nobody(has_confirmed: bool, expected: list[str]) -> None:
    """It tells of new banks, and nobody has to read it."""
    own = {"consumer_id": ADMIN_ID, "queue_depth": 5, "readers": 0, "has_confirmed": has_confirmed}

    assert names(own) == expected
    assert names({**own, "consumer_id": CALM["consumer_id"]}) == ["queue_without_reader"]


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def lags(bucket: int) -> list[list[int]]:
    return [[0] * bucket + [5] + [0] * (13 - bucket)]


@pytest.mark.parametrize(
    ("above", "below", "condition"),
    [
        (
            {"pending": 1, "oldest_pending_at": ago(180.001)},
            {"pending": 1, "oldest_pending_at": ago(180)},
            "pending_too_long",
        ),
        (
            {"held_back": 1, "oldest_held_back_at": ago(600)},
            {"held_back": 1, "oldest_held_back_at": ago(599.9)},
            "held_back",
        ),
        ({"publish_failed": 1}, {"publish_failed": 0}, "publishing_given_up"),
        (
            {"queue_depth": 1, "readers": 0},
            {"queue_depth": 0, "readers": 0},
            "queue_without_reader",
        ),
        ({"queue_depth": 80_001}, {"queue_depth": 80_000}, "queue_nearly_full"),
        (
            {"undelivered": 1, "oldest_undelivered_at": ago(3_600.001)},
            {"undelivered": 1, "oldest_undelivered_at": ago(3_600)},
            "undelivered_too_long",
        ),
        ({"delivery_failed": 1}, {"delivery_failed": 0}, "dead_letters"),
        ({"dead_letters": 1}, {"dead_letters": 0}, "dead_letters"),
        ({"unmatched": 1}, {"unmatched": 0}, "unmatched_dead_letters"),
        (
            {"replay_still_since": ago(900.001)},
            {"replay_still_since": ago(900)},
            "replay_stuck",
        ),
        (
            {"key_expires_at": NOW + timedelta(days=7, seconds=-1)},
            {"key_expires_at": NOW + timedelta(days=7)},
            "key_expires_soon",
        ),
    ],
)
def test_condition_fires_just_above(
    above: dict[str, Any], below: dict[str, Any], condition: str
) -> None:
    assert names(above) == [condition]
    assert names(below) == []


def called(state: str = "open", seconds: float = 0, **row: Any) -> dict[str, Any]:
    """A bank whose server has been in a state for so long."""
    return {"webhook_state": state, "webhook_since": ago(seconds), **row}


@pytest.mark.parametrize(
    ("above", "below", "condition"),
    [
        (called("blocked"), called("open"), "webhook_blocked"),
        (called("failing", 300.001), called("failing", 300), "webhook_failing"),
        (called("waiting", 300.001), called("open", 9_000), "webhook_failing"),
        (
            called(refused=1, oldest_refused_at=ago(600)),
            called(refused=1, oldest_refused_at=ago(599.9)),
            "webhook_refuses",
        ),
        (
            called(pending=1, oldest_pending_at=ago(900.001)),
            called(pending=1, oldest_pending_at=ago(900)),
            "webhook_behind",
        ),
    ],
)
def test_called_bank_has_its_own_conditions(
    above: dict[str, Any], below: dict[str, Any], condition: str
) -> None:
    assert names(above) == [condition]
    assert names(below) == []
    assert names({**above, "status": "deactivated"}) in ([], ["webhook_refuses"])


def test_outage_of_a_called_bank_is_one_entry() -> None:
    """Its events wait for the bank, not for the broker, and nobody has to read its queue."""
    waits: dict[str, Any] = {"pending": 9, "oldest_pending_at": ago(9_000)}
    waits |= {"held_back": 3, "oldest_held_back_at": ago(9_000)}
    queue: dict[str, Any] = {"queue_depth": 90_000, "readers": 0}

    assert names(called("failing", 9_000, **waits, **queue)) == ["webhook_failing"]
    assert set(names({**waits, **queue})) == {
        "pending_too_long",
        "held_back",
        "queue_without_reader",
        "queue_nearly_full",
    }


@pytest.mark.parametrize("full", [{"paused_since": NOW}, {"queue_depth": 100_000}])
def test_full_queue_has_one_side(full: dict[str, Any]) -> None:
    """All that comes of it names the bank. What was given up does not come of it."""
    bank = CALM["consumer_id"]
    waits = {"pending": 5, "oldest_pending_at": ago(9_000), "publish_failed": 2}
    waits |= {"held_back": 4, "oldest_held_back_at": ago(9_000)}
    waits |= {"queue_depth": 90_000, "readers": 0}
    waits |= {"undelivered": 9, "oldest_undelivered_at": ago(9_000)}
    ledger = {"taken_at": NOW, "discrepancies": {bank: 2}, "unexplained": None}

    def sides(row: dict[str, Any], **ledger: Any) -> dict[str, str]:
        found = figures.findings(figures.completed({**CALM, **row}, None, ledger))
        return {each.condition.name: each.condition.side for each in found}

    of_full = sides(waits | full, **ledger)
    others = {name: of_full.pop(name) for name in ("publishing_given_up", "not_balanced")}
    assert others == dict.fromkeys(others, "broker")
    assert set(of_full.values()) == {"bank"}
    assert len(of_full) == 5
    of_broker = sides(waits, **ledger)
    assert (of_broker["pending_too_long"], of_broker["held_back"]) == ("broker", "ours")
    assert of_broker["publishing_given_up"] == of_broker["not_balanced"] == "broker"
    ledger["unexplained"] = {bank: 1}
    assert sides(waits | full, **ledger)["not_balanced"] == "ours"


def test_refused_events_are_the_banks_side() -> None:
    full = figures.completed({**CALM, **called(publish_failed=2)}, None, None)

    (entry,) = attention(figures.findings(full), "banks", "bank")

    assert (entry["condition"], entry["side"]) == ("publishing_given_up", "bank")
    assert entry["title"] == "first_bank: events were refused for good"


def test_lag_fires_above_a_minute() -> None:
    assert names({}, {"process_lags": lags(11)}) == ["processing_lag_high"]
    assert names({}, {"process_lags": lags(10)}) == []


def test_ledger_names_its_bank() -> None:
    of_another = {"taken_at": NOW, "discrepancies": {"another": 3}}

    assert names({}, **{**of_another, "discrepancies": {CALM["consumer_id"]: 1}}) == [
        "not_balanced"
    ]
    assert names({}, **of_another) == []


def test_unknown_queue_meets_nothing() -> None:
    assert names({"queue_depth": None, "readers": None}) == []
    assert names({"queue_depth": None, "readers": 0}) == []


def test_deactivated_banks_key_may_end() -> None:
    assert names({"status": "deactivated", "key_expires_at": NOW}) == []


def test_cut_counts_come_from_the_schedule() -> None:
    past = {"pending_seen": 30_000, "undelivered_seen": 7, "held_back_seen": 9}
    cut = {"pending": 20_000, "pending_cut": True, "undelivered": 12, "undelivered_cut": True}

    row = figures.completed({**CALM, **cut}, past, None)

    assert (row["pending"], row["undelivered"], row["held_back"]) == (30_000, 12, 9)


@pytest.mark.parametrize(
    ("before", "now", "seconds"),
    [(400, 100, 100), (100, 100, None), (50, 100, None), (None, 9, None)],
)
def test_caught_up_by_the_net_drain(before: int | None, now: int, seconds: float | None) -> None:
    past = {"pending_before": before, "before_at": ago(300)}

    row = figures.completed({**CALM, "pending": now}, past, None)

    assert row["pending_drains_in"] == seconds


def test_short_words_leave_the_name_out() -> None:
    def short(**row: Any) -> str:
        found = worst(list(figures.findings(figures.completed({**CALM, **row}, None, None))))
        assert found is not None
        return in_short(found)

    assert short(queue_depth=5, readers=0) == "Nobody reads its queue"
    assert short(undelivered=1, oldest_undelivered_at=ago(9_000)) == "Does not confirm"
    assert short(key_expires_at=NOW + timedelta(days=2)) == "Its key expires in 2 days"


def test_many_banks_are_one_entry() -> None:
    rows = [
        figures.completed(
            {**CALM, "consumer_id": str(n), "name": f"bank_{n}", "publish_failed": n}, None, None
        )
        for n in range(1, 301)
    ]

    entries = attention([found for row in rows for found in figures.findings(row)], "banks")

    (entry,) = entries
    assert entry["title"] == "300 banks: publishing was given up"
    assert entry["count"] == sum(range(301))
    assert (entry["consumer_id"], entry["consumer_name"]) == (None, None)
    assert entry["view"] == "/events?state=publish_failed"


def test_schedules_are_named_together() -> None:
    never = [ScheduleState(f"s{n}", "late", None, None, None, None) for n in range(5)]
    state = SystemState([], "closed", never, dict.fromkeys((run.name for run in never), 60.0))

    (entry,) = attention(state.findings(CONDITIONS, NOW), "banks")

    assert entry["title"] == "A schedule does not run: s0, s1, s2 and 2 more"
    assert entry["sentence"] == "No run has succeeded yet."


def test_banks_own_side_is_its_to_do() -> None:
    row = {"queue_depth": 5, "readers": 0, "publish_failed": 1, "held_back": 1}
    row |= {"oldest_held_back_at": ago(3_600), "oldest_pending_at": ago(9)}
    found = list(figures.findings(figures.completed({**CALM, **row}, None, None)))

    by_name = {each["condition"]: each for each in attention(found, "banks", "bank")}

    unread, given_up = by_name["queue_without_reader"], by_name["publishing_given_up"]
    assert (unread["heals"], unread["healing"][:18]) == (False, "start your program")
    assert (given_up["heals"], given_up["healing"]) == (True, "the operator is told of it")
    assert by_name["held_back"]["healing"].startswith("by itself")


def test_ledger_tells_given_up_from_lost() -> None:
    bank = CALM["consumer_id"]

    def healing(**ledger: Any) -> str:
        full = figures.completed(CALM, None, {"taken_at": NOW, **ledger})
        (finding,) = figures.findings(full)
        return finding.condition.healing

    assert "send again what was given up" in healing(discrepancies={bank: 12}, unexplained=None)
    assert "what wrote" in healing(discrepancies={bank: 13}, unexplained={bank: 1})


def test_worst_come_first() -> None:
    row = figures.completed({**CALM, "unmatched": 1, "publish_failed": 2}, None, None)

    entries = attention(figures.findings(row), "banks")

    assert [entry["level"] for entry in entries] == ["bad", "warn"]
    assert entries[0]["view"] == f"/events?consumer_id={CALM['consumer_id']}&state=publish_failed"


@pytest.mark.parametrize(
    ("heals", "sure", "lost", "sentence"),
    [
        ([], True, False, "Fine."),
        ([False], True, False, "Nothing is lost. 1 thing needs you."),
        ([False, False], True, False, "Nothing is lost. 2 things need you."),
        ([True], True, False, "Nothing is lost. 1 heals by itself."),
        ([False, True, True], False, False, "1 thing needs you, 2 heal by themselves."),
        ([False], False, True, "The ledger does not balance. 1 thing needs you."),
    ],
)
def test_verdict_is_one_sentence(heals: list[bool], sure: bool, lost: bool, sentence: str) -> None:
    entries = [{"level": "bad", "heals": each} for each in heals]

    found = verdict(entries, is_sure=sure, is_lost=lost, fine="Fine.")

    assert found["sentence"] == sentence
    assert found["count"] == len(heals)
    assert found["level"] == ("bad" if heals else "ok")


def state(status: Any, success: datetime | None) -> ScheduleState:
    return ScheduleState("resend", status, None, None, success, None)


def test_schedule_is_missed_when_health_says_so() -> None:
    condition = CONDITIONS["schedule_missed"]

    assert condition.is_met(missed_periods(state("late", None), None, 60))
    assert condition.is_met(missed_periods(state("late", ago(200)), 200, 60))
    assert not condition.is_met(missed_periods(state("on_time", ago(200)), 200, 60))
    assert not condition.is_met(missed_periods(state("failing", None), None, 60))


def test_schedules_can_be_left_out() -> None:
    """A tenant hears nothing of them."""
    servers = [
        {"name": "database", "status": "up", "latency_ms": 1},
        {"name": "broker", "status": "down", "latency_ms": None},
    ]
    seen = SystemState(servers, "open", [state("late", None)], {"resend": 60})

    def found(*, with_schedules: bool) -> list[str]:
        findings = seen.findings(CONDITIONS, NOW, with_schedules=with_schedules)
        return [each.condition.name for each in findings]

    assert found(with_schedules=False) == ["server_away", "breaker_open"]
    assert found(with_schedules=True) == ["server_away", "breaker_open", "schedule_missed"]
