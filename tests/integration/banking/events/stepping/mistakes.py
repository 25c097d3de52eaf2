"""Mistakes that somebody might make in banking's code: the exploration must see each in its scene."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from chalicelib.banking.events import late, outbox, reopening, resend, rewind_worker
from chalicelib.banking.events.rewind_worker import RewindWorker
from fintegrate.database import Row
from fintegrate.messaging.message import Message
from fintegrate.messaging.pipeline import Pipeline
from fintegrate.outbox.outbox import Outbox
from fintegrate.outbox.sweep import Sweep
from fintegrate.outcome import Outcome
from tests.integration.banking.events.stepping.scenes import (
    HANDLERS,
    REWIND,
    REWIND_OF_PENDING,
    SWEEPS,
    TAKEN_UP,
)
from tests.integration.banking.events.stepping.stepped_banking import Scene

_TAKEABLE = """(earlier.publish_failure_reason IS NOT NULL
     OR earlier.created_at <= clock_timestamp() - interval '5 seconds')"""
_BARRIERS_OF_TAKEABLE = f"""-- name: barriers
SELECT earlier.customer_id AS key, min(earlier.sequence) AS position
FROM unnest(%(keys)s::uuid[], %(last_positions)s::bigint[]) AS lane (key, last_position)
JOIN customer_events earlier
    ON earlier.customer_id = lane.key AND earlier.sequence < lane.last_position
WHERE earlier.publish_status = 'pending' AND earlier.event_id <> ALL (%(ids)s::uuid[])
  AND {_TAKEABLE}
GROUP BY earlier.customer_id
"""
_NO_UNTAKEABLE_BEFORE = f"""AND NOT EXISTS (
    SELECT FROM customer_events earlier
    WHERE earlier.customer_id = e.customer_id AND earlier.sequence < e.sequence
      AND earlier.publish_status = 'pending' AND NOT {_TAKEABLE})
"""
_UNDONE = " WHERE status <> 'done'"
_HELD = f"\n      AND c.consumer_id NOT IN (SELECT consumer_id FROM replay_jobs{_UNDONE})"
_END_OF_CLAIM = "    ORDER BY e.created_at, e.event_id\n    LIMIT bank.share"


class Mistake(NamedTuple):
    """`plant` puts it into the code until the patch is undone. `seen`: what the violation says."""

    scene: Scene
    plant: Callable[[pytest.MonkeyPatch], None]
    seen: str = "overtaken"


def _leave_out_barriers(patch: pytest.MonkeyPatch) -> None:
    patch.delitem(resend.SQL, "barriers")


def _look_at_takeable_only(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(resend.SQL, "barriers", _BARRIERS_OF_TAKEABLE)


def _move_barriers_into_claim(patch: pytest.MonkeyPatch) -> None:
    """Narrowed to what the claim leaves out, as if it took all the rest."""
    before, end, after = resend.SQL["claim"].partition(_END_OF_CLAIM)
    assert end, "claim has changed: plant the mistake anew"
    patch.setitem(resend.SQL, "claim", f"{before}{_NO_UNTAKEABLE_BEFORE}{end}{after}")
    patch.delitem(resend.SQL, "barriers")


def _send_without_looking(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Outbox, "_held_back", lambda *_: None)


def _go_on_behind_failure(patch: pytest.MonkeyPatch) -> None:
    def fail(self: Pipeline, message: Message, index: int, outcome: Outcome) -> None:
        self.outcomes[index] = outcome
        if lane := self._lanes[message.order_key]:
            self._ready.append(lane.popleft())

    patch.setattr(Pipeline, "_fail", fail)


def _take_up_without_lock(patch: pytest.MonkeyPatch) -> None:
    _leave_out(patch, reopening.SQL, "lock_customers", "FOR NO KEY UPDATE")


def _take_up_without_looking_again(patch: pytest.MonkeyPatch) -> None:
    seen = reopening.SQL["reopen"]
    looked = seen[seen.index("      AND NOT EXISTS") : seen.index("\n    RETURNING")]
    _leave_out(patch, reopening.SQL, "reopen", looked)


def _say_not_that_it_is_late(patch: pytest.MonkeyPatch) -> None:
    _leave_out(patch, late.SQL, "claim", ", clock_timestamp() AS sent_late_at")


def _wait_for_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(RewindWorker, "_is_quiet", lambda *_: True)


def _wait_for_time_only(patch: pytest.MonkeyPatch) -> None:
    transactions = "\n       AND pg_snapshot_xmin(pg_current_snapshot()) >= quiet_xid"
    _leave_out(patch, rewind_worker.SQL, "are_publishers_through", transactions)


def _wait_for_transactions_only(patch: pytest.MonkeyPatch) -> None:
    time = "quiet_after <= clock_timestamp()\n       AND "
    _leave_out(patch, rewind_worker.SQL, "are_publishers_through", time)


def _handler_asks_for_no_hold(patch: pytest.MonkeyPatch) -> None:
    _leave_out(patch, outbox.SQL, "predecessors", " AND status <> 'done'", " AND false")


def _sweep_asks_for_no_hold(patch: pytest.MonkeyPatch) -> None:
    _leave_out(patch, resend.SQL, "claim", _HELD)
    _leave_out(patch, resend.SQL, "barriers", " WHERE status <> 'done'", " WHERE false")


def _sweep_asks_before_its_locks(patch: pytest.MonkeyPatch) -> None:
    """As the claim alone would: its snapshot is older than its locks."""
    _sweep_asks_for_no_hold(patch)
    claim = Sweep._claim

    def look_first(self: Sweep, wanted: Mapping[str, Any]) -> list[Row]:
        held = self.database.fetch_one("-- name: hold\nSELECT FROM replay_jobs" + _UNDONE, {})
        return claim(self, wanted) if held is None else []

    patch.setattr(Sweep, "_claim", look_first)


def _rewind_leaves_the_pending(patch: pytest.MonkeyPatch) -> None:
    order = "\nORDER BY e.created_at"
    published = f"\n  AND e.publish_status <> 'pending'{order}"
    _leave_out(patch, rewind_worker.SQL, "claim", order, published)


def _leave_out(
    patch: pytest.MonkeyPatch, sql: dict[str, str], name: str, part: str, instead: str = ""
) -> None:
    assert part in sql[name], f"{name} has changed: plant the mistake anew"
    patch.setitem(sql, name, sql[name].replace(part, instead))


MISTAKES = {
    "barriers are left out": Mistake(SWEEPS, _leave_out_barriers),
    "barriers look at takeable events only": Mistake(
        replace(HANDLERS, clock=False), _look_at_takeable_only
    ),
    "barriers are narrowed and in the claim": Mistake(SWEEPS, _move_barriers_into_claim),
    "handler does not look": Mistake(HANDLERS, _send_without_looking),
    "sweep goes on behind a failure": Mistake(SWEEPS, _go_on_behind_failure),
    "failed is taken up without the lock": Mistake(TAKEN_UP, _take_up_without_lock),
    "failed is taken up without a second look": Mistake(TAKEN_UP, _take_up_without_looking_again),
    "late event does not say so": Mistake(TAKEN_UP, _say_not_that_it_is_late),
    "rewind waits for nobody": Mistake(REWIND, _wait_for_nobody),
    "rewind waits for time only": Mistake(REWIND_OF_PENDING, _wait_for_time_only),
    "rewind waits for transactions only": Mistake(REWIND, _wait_for_transactions_only),
    "handler asks for no hold": Mistake(REWIND, _handler_asks_for_no_hold),
    "sweep asks for no hold": Mistake(REWIND_OF_PENDING, _sweep_asks_for_no_hold),
    "sweep asks for the hold before its locks": Mistake(
        REWIND_OF_PENDING, _sweep_asks_before_its_locks
    ),
    "rewind leaves the pending": Mistake(
        REWIND, _rewind_leaves_the_pending, "2 is published, the queue has"
    ),
}
