"""No death, but a process that breaks a promise on purpose. The ledger must find each such point."""

from __future__ import annotations

from local.appevents.chaos.kill_points.points.steps import ACKNOWLEDGE
from local.appevents.chaos.kill_points.tasks import Feed
from local.appevents.chaos.kill_points.trial import Trial
from local.chaos.boundaries import before
from local.chaos.kill_points import KillPoint

NOTES = 8
FEW = 6
"""Rests that are enough for who tells the truth."""


def _done(trial: Trial) -> None:
    """There is no death to wait for."""
    trial.hit = True
    trial.come_to_rest(FEW)


def ack_first(trial: Trial) -> None:
    """Some messages are acknowledged, and nobody has acted on them."""
    user = trial.user()
    trial.tell(*(trial.note(user) for _ in range(NOTES)))
    trial.cell.run(Feed("machine", sabotage="ack_first"))
    _done(trial)


def no_keys(trial: Trial) -> None:
    """What comes again is acted on again."""
    user = trial.user()
    trial.tell(*(trial.note(user) for _ in range(NOTES)))
    trial.cell.run(Feed("machine"), before(ACKNOWLEDGE))
    trial.cell.run(Feed("machine", sabotage="no_keys"))
    _done(trial)


def overtake(trial: Trial) -> None:
    """A user's events are published backwards."""
    user = trial.user()
    trial.tell(*(trial.note(user) for _ in range(NOTES)), sabotage="overtake")
    _done(trial)


POINTS = tuple(
    KillPoint(scenario.__name__, None, scenario) for scenario in (ack_first, no_keys, overtake)
)
