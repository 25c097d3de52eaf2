"""Acts: what a person does to the data, first as a dry run, then with a reason.

A dry run counts what an act would hit and writes nothing. The act may name the count that the person
has seen. If it would hit many more by now, it is refused. Leaves the choice of rows to the statements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, StringConstraints
from typing_extensions import TypedDict

from fintegrate.database import Row
from fintegrate.errors import Conflict, Invalid
from fintegrate.http.audit import Audited
from fintegrate.http.endpoint import Call, is_dry_run
from fintegrate.http.validation import Described, RequestModel, Text
from fintegrate.redaction import redacted

MOST_COUNTED = 200_000
"""How many rows a dry run looks at. Where there are more, it says so."""
MOST_NAMED = 100
"""How many ids the audit log keeps of a tenant's act. What it changed has its request's or job's id."""
MORE = "More than {most} match; only so many were looked at"
_TOLERATED = 10
"""How many more than expected an act may hit, in events and in per cent, whichever is more."""

ActReason = Annotated[
    Text,
    StringConstraints(max_length=500),
    AfterValidator(redacted),
    Described("Why it is done, for the audit log", "asked for by the bank, ticket 4711"),
]
DryRunOnly = Annotated[bool, Described("Whether to count only", False)]
Expected = Annotated[
    int,
    Field(ge=0),
    Described("The count of the dry run: 409 if much more would be hit by now", 12),
]


class WithReason(RequestModel):
    """The base of an act's request that has no dry run. A session has to give a reason."""

    reason: ActReason | None = None


class Act(WithReason):
    """The base of an act's request that has one."""

    dry_run: DryRunOnly = False
    expected_count: Expected | None = None


class Hit(TypedDict):
    """How many events of a bank an act would hit."""

    consumer_id: Annotated[str, Described("The bank's id", "2f1c9a54-8d3e-4b7a-a1c6-5e9f0b2d7c31")]
    consumer_name: Annotated[str, Described("The bank's name", "bank_north")]
    events: Annotated[int, Described("How many of its events", 12)]


class DryRunFields(TypedDict, total=False):
    """The counts of a dry run, for an answer that has other fields after the act itself."""

    matched: Annotated[int, Described("How many the act would hit", 12)]
    exact: Annotated[bool, Described("False: at least so many", True)]
    customers: Annotated[int, Described("Of how many customers", 7)]
    oldest: datetime | None
    newest: datetime | None
    late: Annotated[int, Described("Events that a later one of their customer follows", 0)]
    by_state: Annotated[dict[str, int], Described("How many in each state", {"dead_lettered": 12})]
    tenants: list[Hit]
    warnings: Annotated[list[str], Described("What to know before the act", [])]


class DryRun(TypedDict):
    """What an act would hit. `late`: events that a later one of their customer follows."""

    matched: int
    exact: bool
    customers: int
    oldest: datetime | None
    newest: datetime | None
    late: int
    by_state: dict[str, int]
    tenants: list[Hit]
    warnings: list[str]


A = TypeVar("A", bound=WithReason)


def require_reason(call: Call[A], *, of_all: bool = False) -> None:
    """Refuse an act without a reason, of a session or `of_all`; a dry run needs none.

    Raises:
        Invalid: there is none.
    """
    in_session = call.caller.session_id is not None
    if call.body.reason is None and not is_dry_run(call.body) and (of_all or in_session):
        raise Invalid("reason: is required")


def check_expected(expected: int | None, now: int) -> None:
    """Refuse an act that would hit more than 10 % and more than 10 more than the caller has seen.

    Raises:
        Conflict: with both counts.
    """
    if expected is None:
        return
    more = now - expected
    if more > _TOLERATED and more * 100 > expected * _TOLERATED:
        raise Conflict(
            f"{expected} were expected and {now} would be hit by now; nothing was done, look again"
        )


def audited(call: Call[A], subject: str | None, counts: Mapping[str, object]) -> Audited:
    """What the audit log keeps of an act: why, whose data, the request's filter and the counts.

    `subject` is the one owner whose data it was, if it was one's.
    """
    how = {"reason", "dry_run", "expected_count"}
    chosen = call.body.model_dump(mode="json", by_alias=True, exclude=how, exclude_none=True)
    if not call.caller.is_admin:
        chosen = shortened(chosen)
    foreign = None if subject == call.caller.owner_id else subject
    return Audited(call.body.reason or "done", foreign, {"filter": chosen, "counts": counts})


def shortened(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """A filter whose long lists end early and say how many more there are.

    Tenants' acts have rows in the audit log as often as they like, but none of 40 kB.
    """
    return {name: _beginning(value) for name, value in chosen.items()}


def _beginning(value: Any) -> Any:
    if not isinstance(value, list) or len(value) <= MOST_NAMED:
        return value
    return [*value[:MOST_NAMED], f"and {len(value) - MOST_NAMED} more"]


def dry_run(rows: Sequence[Row], most: int = MOST_COUNTED, warnings: Sequence[str] = ()) -> DryRun:
    """Make a dry run's answer from counts by bank, by state and of all.

    A row has `consumer_id, consumer_name, state, events, customers, oldest, newest, late`, as
    `GROUP BY GROUPING SETS ((consumer_id, consumer_name), (state), ())` makes them of at most
    `most` + 1 rows.
    """
    (total,) = (row for row in rows if row["consumer_id"] is None and row["state"] is None)
    exact = total["events"] <= most
    return {
        "matched": min(total["events"], most),
        "exact": exact,
        "customers": total["customers"],
        "oldest": total["oldest"],
        "newest": total["newest"],
        "late": total["late"],
        "by_state": {row["state"]: row["events"] for row in rows if row["state"] and row["events"]},
        "tenants": [_hit(row) for row in rows if row["consumer_id"] and row["events"]],
        "warnings": [*warnings, *([] if exact else [MORE.format(most=most)])],
    }


def dry_run_of_one(
    consumer_id: str,
    consumer_name: str,
    warnings: Sequence[str],
    event: tuple[datetime, str] | None = None,
) -> DryRun:
    """A dry run's answer for an act on one thing of a bank, such as its key.

    `event` is the time and the state, if it is an event.
    """
    at, state = event or (None, None)
    of_events = int(event is not None)
    hit: Hit = {"consumer_id": consumer_id, "consumer_name": consumer_name, "events": of_events}
    return {
        "matched": 1,
        "exact": True,
        "customers": of_events,
        "oldest": at,
        "newest": at,
        "late": 0,
        "by_state": {state: 1} if state else {},
        "tenants": [hit],
        "warnings": [*warnings],
    }


def _hit(row: Row) -> Hit:
    return {
        "consumer_id": row["consumer_id"],
        "consumer_name": row["consumer_name"],
        "events": row["events"],
    }
