"""An act says why, counts first, and stops where the count has grown."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from fintegrate.console.acts import (
    Act,
    audited,
    check_expected,
    dry_run,
    dry_run_of_one,
    require_reason,
)
from fintegrate.errors import Conflict, Invalid
from fintegrate.http.validation import validate_json

AT = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


class Named(Act):
    event_ids: list[str]


def called(body: str, session_id: str | None) -> Any:
    """A call with this body, as far as a reason is concerned."""
    caller = SimpleNamespace(session_id=session_id)
    return SimpleNamespace(body=validate_json(Act, body), caller=caller)


def row(events: int, bank: str | None = None, state: str | None = None) -> dict[str, Any]:
    return {
        "consumer_id": bank and f"id of {bank}",
        "consumer_name": bank,
        "state": state,
        "events": events,
        "customers": events - 1,
        "oldest": AT,
        "newest": AT,
        "late": 1,
    }


@pytest.mark.parametrize(
    ("body", "session_id", "of_all"),
    [
        ('{"reason": "asked for"}', "s", False),
        ('{"reason": "asked for"}', None, True),
        ('{"dry_run": true}', "s", True),
        ("{}", None, False),
    ],
)
def test_reason_is_given_or_spared(body: str, session_id: str | None, of_all: bool) -> None:
    require_reason(called(body, session_id), of_all=of_all)


def test_reason_keeps_no_key() -> None:
    """Not only the audit log has it: banks read the reasons of replays and of resolved letters."""
    key = "fk_" + "1" * 32 + "_" + "a" * 72

    told = validate_json(Act, f'{{"reason": "see {key}"}}').reason

    assert told == "see fk_" + "1" * 32 + "_[redacted]"


@pytest.mark.parametrize(("session_id", "of_all"), [("s", False), (None, True)])
def test_missing_reason_is_refused(session_id: str | None, of_all: bool) -> None:
    with pytest.raises(Invalid, match=r"^reason: is required$"):
        require_reason(called("{}", session_id), of_all=of_all)


@pytest.mark.parametrize(
    "body", ['{"reason": " "}', '{"reason": "%s"}' % ("x" * 501), '{"expected_count": -1}']
)
def test_wrong_fields_are_refused(body: str) -> None:
    with pytest.raises(Invalid):
        validate_json(Act, body)


@pytest.mark.parametrize(
    ("expected", "now"), [(None, 9_999), (0, 10), (5, 15), (200, 220), (20, 1), (1000, 1100)]
)
def test_count_near_the_expected_passes(expected: int | None, now: int) -> None:
    check_expected(expected, now)


@pytest.mark.parametrize(("expected", "now"), [(0, 11), (5, 16), (200, 221), (1000, 1101)])
def test_count_that_grew_is_refused(expected: int, now: int) -> None:
    with pytest.raises(Conflict, match=f"^{expected} were expected and {now} would be hit"):
        check_expected(expected, now)


def test_dry_run_tells_the_groups_apart() -> None:
    rows = [row(3), row(2, "north"), row(1, "south"), row(3, state="in_queue")]

    assert dry_run(rows) == {
        "matched": 3,
        "exact": True,
        "customers": 2,
        "oldest": AT,
        "newest": AT,
        "late": 1,
        "by_state": {"in_queue": 3},
        "tenants": [
            {"consumer_id": "id of north", "consumer_name": "north", "events": 2},
            {"consumer_id": "id of south", "consumer_name": "south", "events": 1},
        ],
        "warnings": [],
    }


def test_dry_run_says_when_there_is_more() -> None:
    told = dry_run([row(3)], 2, ["mind the gap"])

    assert (told["matched"], told["exact"]) == (2, False)
    assert told["warnings"] == ["mind the gap", "More than 2 match; only so many were looked at"]


@pytest.mark.parametrize(("subject", "kept"), [("b1", "b1"), ("own", None), (None, None)])
def test_audit_row_has_filter_and_counts(subject: str | None, kept: str | None) -> None:
    call = called('{"reason": "asked for", "expected_count": 3}', None)
    call.caller.owner_id, call.caller.is_admin = "own", False

    said = audited(call, subject, {"succeeded": 2})

    assert (said.reason, said.subject) == ("asked for", kept)
    assert said.details == {"filter": {}, "counts": {"succeeded": 2}}


@pytest.mark.parametrize(("is_admin", "kept"), [(False, 101), (True, 1000)])
def test_tenants_ids_do_not_fill_the_audit_log(is_admin: bool, kept: int) -> None:
    caller = SimpleNamespace(session_id=None, owner_id="own", is_admin=is_admin)
    body = Named(event_ids=[f"e{number}" for number in range(1000)])

    said = audited(SimpleNamespace(body=body, caller=caller), None, {})  # type: ignore[arg-type]

    ids: Any = said.details["filter"]
    assert len(ids["event_ids"]) == kept
    assert ids["event_ids"][-1] == ("e999" if is_admin else "and 900 more")


def test_one_event_is_one_customers() -> None:
    told = dry_run_of_one("b1", "north", ["it waits"], (AT, "waiting"))

    assert (told["matched"], told["customers"], told["by_state"]) == (1, 1, {"waiting": 1})
    assert (told["oldest"], told["newest"], told["warnings"]) == (AT, AT, ["it waits"])


def test_a_key_is_no_customers() -> None:
    told = dry_run_of_one("b1", "north", [])

    assert (told["matched"], told["customers"], told["by_state"], told["oldest"]) == (
        1,
        0,
        {},
        None,
    )
    assert told["tenants"][0]["events"] == 0
