"""Mistakes that somebody might make in banking's code: the exploration must see each in its scene."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import pytest

from chalicelib.banking.events import late, reopening, resend
from fintegrate.messaging.message import Message
from fintegrate.messaging.pipeline import Pipeline
from fintegrate.outbox.outbox import Outbox
from fintegrate.outcome import Outcome
from tests.integration.banking.events.stepping.scenes import HANDLERS, SWEEPS, TAKEN_UP
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
_END_OF_CLAIM = "    ORDER BY e.created_at, e.event_id\n    LIMIT bank.share"


class Mistake(NamedTuple):
    """`plant` puts it into the code until the patch is undone."""

    scene: Scene
    plant: Callable[[pytest.MonkeyPatch], None]


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
    _leave_out(patch, reopening.SQL, "reopen", seen[seen.index("  AND NOT EXISTS") :])


def _say_not_that_it_is_late(patch: pytest.MonkeyPatch) -> None:
    _leave_out(patch, late.SQL, "claim", ", clock_timestamp() AS sent_late_at")


def _leave_out(patch: pytest.MonkeyPatch, sql: dict[str, str], name: str, part: str) -> None:
    assert part in sql[name], f"{name} has changed: plant the mistake anew"
    patch.setitem(sql, name, sql[name].replace(part, ""))


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
}
