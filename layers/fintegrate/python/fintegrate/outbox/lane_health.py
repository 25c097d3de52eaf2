"""The health of a lane: what the answers of one flush say of it, and what becomes of it.

A lane that fails five times in a row is closed for 30 s, doubling to 15 min, and then tried with one
row, its probe. One whose configuration is refused is blocked and probed each 15 minutes, or not at all
if the receiver is gone. One that refuses 50 rows in a row and takes none is blocked, too, because it is
not the rows. A receiver that asks to wait is waited for.

A lane that is closed is opened by its probe alone. What was under way when it closed can only close it
for longer, or for a worse reason; and however many of these fail, they are one failure.

Leaves to the system its table and its statements, which lock a lane's row, read it and write what was
decided. All times are of the database's clock, so decisions are seconds from now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fintegrate.database import Row
from fintegrate.outbox.batches import AWAY, Batch, Kind, Sent, Verdict

OVERLOAD_SECONDS = 30.0
"""The wait after an overload, if the receiver names none."""
MOST_FAILURES = 5
MOST_REFUSALS = 50
REFUSES_EVERYTHING = "refuses_everything"
_BLOCKED_SECONDS = 900.0
_FIRST_SECONDS = 30.0
_STOPS = frozenset({Kind.CONFIGURATION, Kind.OVERLOAD})


class Said(NamedTuple):
    """What the answers of one lane say of it together.

    Attributes:
        last: the verdict that counts
        outages: how many came after the last answer that was none
        refused: how many refusals came after the last delivery
        probe: the token of the lane's probe, if it is among them
    """

    last: Verdict
    answered: bool
    outages: int
    delivered: bool
    refused: int
    probe: str | None

    @property
    def wait(self) -> float | None:
        """The seconds that the lane waits by the receiver's word, or by ours after an overload."""
        return _wait(self.last)


class Lane(NamedTuple):
    """A lane's row, locked. `closed`: it may not be served now, and none of the answers is its probe."""

    state: str
    reason: str | None
    failures: int
    refusals: int
    closed: bool


class Health(NamedTuple):
    """What becomes of a lane.

    Attributes:
        wait: seconds until it may be served, infinite until somebody changes it; None for at once. A
            lane that is closed stays so at least as long as before.
    """

    state: str
    reason: str | None
    failures: int
    refusals: int
    wait: float | None
    closed: bool
    delivered: bool


def decided(
    sent: Sequence[Sent], lanes: Mapping[Any, Row]
) -> tuple[list[tuple[Any, Health]], list[Batch]]:
    """What becomes of the lanes of these answers, and the probes that were not sent after all.

    Args:
        lanes: the locked rows by their ids, each with `state, reason, failures, refusals, probe_token,
            is_closed` (it may not be served now) and `configured_at`; a lane that is gone has none

    A refusal of a configuration that was changed meanwhile says nothing: the new one was not asked.
    """
    asked: dict[Any, list[Sent]] = {}
    unsent: list[Batch] = []
    for each in sent:
        lane_id, refuses = each.batch.lane["lane_id"], _refuses_configuration(each)
        if lane_id not in lanes:
            continue
        is_old = refuses and each.batch.lane["configured_at"] != lanes[lane_id]["configured_at"]
        if not is_old and (each.requested or refuses):
            asked.setdefault(lane_id, []).append(each)
        elif each.batch.is_probe:
            unsent.append(each.batch)
    told = [(lane_id, said_of(answers)) for lane_id, answers in asked.items()]
    return [
        (lane_id, health_after(_lane(lanes[lane_id], said), said)) for lane_id, said in told
    ], unsent


def said_of(answers: Sequence[Sent]) -> Said:
    """What the answers of one lane say of it, in the order in which they came.

    An outage after other answers counts, one before them does not. A word to stop stands, whatever else
    came with it. If the lane's probe is among them, it alone says whether the receiver is there.
    """
    probe = next((each.batch.token for each in answers if each.batch.is_probe), None)
    outages = refused = 0
    answered = delivered = False
    last = Verdict(Kind.DELIVERED)
    stops: list[Verdict] = []
    for sent in answers:
        counts = probe is None or sent.batch.is_probe
        verdicts = [verdict for verdict in sent.verdicts if verdict is not None]
        away = next((verdict for verdict in verdicts if verdict.kind in AWAY), None)
        if away:
            outages, last = (outages + 1, away) if counts else (outages, last)
            continue
        if counts:
            answered, outages = answered or sent.requested, 0
            last = verdicts[-1] if verdicts else Verdict(Kind.REFUSED)
        for verdict in verdicts:
            if verdict.kind is Kind.DELIVERED:
                delivered, refused = True, 0
            refused += verdict.kind is Kind.REFUSED
        stops += [verdict for verdict in verdicts if verdict.kind in _STOPS]
    last = max(stops, key=_weight) if stops else last
    return Said(last, answered, outages, delivered, refused, probe)


def health_after(lane: Lane, said: Said) -> Health:
    """What becomes of a lane of which this was said."""
    unproven = lane.closed or (lane.state == "blocked" and not said.answered)
    failures = _failures(lane, said, unproven=unproven)
    refusals = said.refused + (0 if said.delivered else lane.refusals)
    refuses = refusals >= MOST_REFUSALS
    kind = said.last.kind
    if kind is Kind.CONFIGURATION or refuses:
        state = "blocked"
    elif unproven:
        state = lane.state
    elif kind is Kind.OVERLOAD:
        state = "waiting"
    elif failures >= MOST_FAILURES:
        state = "failing"
    else:
        state = "open" if said.wait is None else "waiting"
    return Health(
        state,
        _reason(lane, said, state, refuses=refuses),
        failures,
        refusals,
        _closed_for(lane, said, state, failures),
        lane.closed,
        said.delivered,
    )


def columns_of(healths: Sequence[tuple[Any, Health]]) -> dict[str, list[Any]]:
    """Parallel lists for the statement that writes lanes: their ids, and the fields of `Health`."""
    columns: dict[str, list[Any]] = {"lanes": [lane_id for lane_id, _ in healths]}
    for field in Health._fields:
        columns[field] = [getattr(health, field) for _, health in healths]
    return columns


def _lane(row: Row, said: Said) -> Lane:
    closed = row["is_closed"] and (said.probe is None or said.probe != row["probe_token"])
    return Lane(row["state"], row["reason"], row["failures"], row["refusals"], closed)


def _refuses_configuration(sent: Sent) -> bool:
    return any(
        verdict is not None and verdict.kind is Kind.CONFIGURATION for verdict in sent.verdicts
    )


def _failures(lane: Lane, said: Said, *, unproven: bool) -> int:
    if unproven:
        return lane.failures
    if said.answered:
        return min(said.outages, MOST_FAILURES)
    if lane.state == "failing":
        return lane.failures + min(said.outages, 1)
    return min(lane.failures + said.outages, MOST_FAILURES)


def _reason(lane: Lane, said: Said, state: str, *, refuses: bool) -> str | None:
    if state == "open":
        return None
    if said.last.kind is Kind.CONFIGURATION:
        return said.last.reason
    if refuses:
        return REFUSES_EVERYTHING
    return lane.reason if lane.closed or state == "blocked" else said.last.reason


def _closed_for(lane: Lane, said: Said, state: str, failures: int) -> float | None:
    if state == "open":
        return None
    if lane.closed and state == lane.state and said.last.kind not in _STOPS:
        return None
    own = {
        "blocked": _BLOCKED_SECONDS,
        "failing": min(_BLOCKED_SECONDS, _FIRST_SECONDS * 2 ** min(failures - MOST_FAILURES, 10)),
    }.get(state)
    waits = [wait for wait in (said.wait, own) if wait is not None]
    return max(waits) if waits else None


def _weight(stop: Verdict) -> tuple[bool, float]:
    return stop.kind is Kind.CONFIGURATION, _wait(stop) or 0.0


def _wait(verdict: Verdict) -> float | None:
    if verdict.kind is Kind.OVERLOAD and verdict.wait is None:
        return OVERLOAD_SECONDS
    return verdict.wait
