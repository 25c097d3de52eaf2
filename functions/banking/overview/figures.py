"""The figures of streams that conditions compare, and the conditions that they meet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from chalicelib.banking.overview.conditions import (
    CONDITIONS,
    NOT_OF_CALLED,
    OF_CALLED,
    OF_GIVEN_UP,
    OF_REFUSED,
    QUEUE_FULL,
)
from chalicelib.banking.tenants import ADMIN_ID
from fintegrate.console.ages import seconds_since
from fintegrate.console.attention import Finding
from fintegrate.console.conditions import seconds_of
from fintegrate.console.lag import added, percentile
from fintegrate.database import Row


class _Facts(NamedTuple):
    """The columns of a stream's row that a condition's sentence speaks of."""

    number: str | None = None
    age: str | None = None
    since: str | None = None
    drains: str | None = None
    """What has to drain until it is over."""

    @property
    def columns(self) -> tuple[str | None, ...]:
        """Their names; None, which no row has, for what is not told."""
        drains_in = self.drains and f"{self.drains}_drains_in"
        return self.number, self.age, self.since, drains_in


_KINDS = (
    "pending",
    "held_back",
    "publish_failed",
    "undelivered",
    "failed",
    "received",
    "unmatched",
    "refused",
)


def _waiting(number: str, kind: str, drains: str | None = None) -> _Facts:
    return _Facts(number, f"oldest_{kind}_seconds", f"oldest_{kind}_at", drains)


_LANE = _Facts("pending", "webhook_seconds", "webhook_since")
_OF_STREAM = {
    "publishing_given_up": _waiting("publish_failed", "publish_failed"),
    "webhook_blocked": _LANE,
    "webhook_failing": _LANE,
    "queue_without_reader": _waiting("queue_depth", "undelivered"),
    "undelivered_too_long": _waiting("undelivered", "undelivered", "undelivered"),
    "queue_nearly_full": _waiting("queue_depth", "undelivered", "undelivered"),
    "pending_too_long": _waiting("pending", "pending", "pending"),
    "not_balanced": _Facts("discrepancies", "ledger_age", "ledger_at"),
    "dead_letters": _waiting("failed_there", "failed"),
    "webhook_refuses": _waiting("refused", "refused"),
    "webhook_behind": _waiting("pending", "pending", "pending"),
    "unmatched_dead_letters": _waiting("unmatched", "unmatched"),
    "processing_lag_high": _Facts("undelivered", "lag_p95_seconds", None, "undelivered"),
    "held_back": _waiting("held_back", "held_back", "pending"),
    "replay_stuck": _Facts(None, "replay_still_seconds", "replay_still_since"),
    "key_expires_soon": _Facts(None, "key_seconds_left"),
}
"""In the order in which they say most about a stream."""
LASTING = {
    "held_back": "oldest_held_back_seconds",
    "webhook_refuses": "oldest_refused_seconds",
}
"""Conditions of which somebody is told only once they have lasted, and the age that says so. Events of
one customer that follow each other closely are held back for some milliseconds."""


def completed(row: Row, past: Row | None, ledger: Row | None) -> Row:
    """A stream's row of what waits, with what the history and the last ledger say of it.

    Of what was not counted to its end, the newest look of the schedule has the count.
    """
    past = past or {}
    for stock in ("pending", "undelivered"):
        if row[f"{stock}_cut"]:
            row[stock] = max(row[stock], past.get(f"{stock}_seen") or 0)
    if row["pending_cut"]:
        row["held_back"] = max(row["held_back"], past.get("held_back_seen") or 0)
    for kind in _KINDS:
        row[f"oldest_{kind}_seconds"] = seconds_since(row[f"oldest_{kind}_at"], row["at"])
    left = row["key_expires_at"] - row["at"] if row["key_expires_at"] else None
    return row | {
        "lag_p95_seconds": percentile(added(past.get("process_lags") or []), 0.95),
        "unread": _unread(row),
        "failed_there": row["delivery_failed"] + row["dead_letters"],
        "replay_still_seconds": seconds_since(row["replay_still_since"], row["at"]),
        **_of_webhook(row),
        "key_seconds_left": left.total_seconds() if left and row["status"] == "active" else None,
        **_of_ledger(row, ledger or {}),
        **{
            f"{stock}_drains_in": _drains_in(row, past, stock)
            for stock in ("pending", "undelivered")
        },
    }


def findings(row: Row) -> Iterator[Finding]:
    """The conditions that a stream meets, in the order of their weight.

    What waits because the bank's own queue refuses it is the bank's side; nothing is given up for that.
    What was given up is off in the ledger, too: both are on one side.
    The operator's own queue tells of new banks. Nobody has to read it, so it asks for nobody as long as
    nothing in it was ever confirmed.
    """
    is_unused = str(row["consumer_id"]) == ADMIN_ID and not row["has_confirmed"]
    here = CONDITIONS | (OF_REFUSED if _refuses(row) else {})
    is_called = row["webhook_state"] is not None
    here |= OF_CALLED if is_called else {}
    if not row["unexplained"]:
        side = here["publishing_given_up"].side
        here |= {name: each._replace(side=side) for name, each in OF_GIVEN_UP.items()}
    for name, facts in _OF_STREAM.items():
        if is_called and name in NOT_OF_CALLED:
            continue
        condition = here[name]
        lasted = row[LASTING[name]] if name in LASTING else None
        if lasted is not None and lasted < seconds_of(condition.lasts):
            continue
        if condition.side == "bank" and is_unused:
            continue
        if condition.is_met(row[condition.figure]):
            number, age, since, drains_in = (row.get(column or "") for column in facts.columns)
            stream = str(row["consumer_id"])
            yield Finding(condition, stream, row["name"], number, age, since, drains_in)


def _refuses(row: Row) -> bool:
    """Whether the bank's queue refuses: it has nacked, or nobody has tried since it is full."""
    return row["paused_since"] is not None or (row["queue_depth"] or 0) >= QUEUE_FULL


def _of_webhook(row: Row) -> Row:
    """How the bank's server does; nothing of a bank that is not called, or deactivated."""
    state = row["webhook_state"] if row["status"] == "active" else None
    lasts = seconds_since(row["webhook_since"], row["at"])
    is_slow = state == "open" and not row["refused"]
    waits = seconds_since(row["oldest_pending_at"], row["at"])
    return {
        "webhook_blocked": int(state == "blocked"),
        "webhook_seconds": lasts,
        "webhook_away_seconds": lasts if state in ("failing", "waiting") else None,
        "uncalled_seconds": waits if is_slow else None,
    }


def _of_ledger(row: Row, ledger: Row) -> Row:
    taken, of_stream = ledger.get("taken_at"), str(row["consumer_id"])
    return {
        "discrepancies": int((ledger.get("discrepancies") or {}).get(of_stream, 0)),
        "unexplained": int((ledger.get("unexplained") or {}).get(of_stream, 0)),
        "ledger_age": seconds_since(taken, row["at"]),
        "ledger_at": taken,
    }


def _unread(row: Row) -> int | None:
    if row["readers"] is None or row["queue_depth"] is None:
        return None
    return 0 if row["readers"] else int(row["queue_depth"])


def _drains_in(row: Row, past: dict[str, Any], stock: str) -> float | None:
    """Seconds until nothing waits, at the pace of the last minutes; None if it grows or is unknown."""
    before: int | None = past.get(f"{stock}_before")
    if before is None or not row[stock]:
        return None
    passed: float = (row["at"] - past["before_at"]).total_seconds()
    drained = before - row[stock]
    return row[stock] * passed / drained if drained > 0 else None
