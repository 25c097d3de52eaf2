"""No death, but a process that breaks a promise on purpose. The ledger must find each such point."""

from __future__ import annotations

from dataclasses import dataclass

from local.chaos.kill_points import KillPoint
from local.relay.chaos.kill_points.tasks import Schedules
from local.relay.chaos.kill_points.trial import Trial
from local.relay.chaos.sabotage import SABOTAGES

EVENTS = 8


@dataclass(frozen=True)
class Cheat:
    """Events of two storefronts, delivered by a process with this sabotage."""

    sabotage: str

    def __call__(self, trial: Trial) -> None:
        shops = [trial.open_shop("webhook", "meta") for _ in range(2)]
        for shop in shops:
            trial.send(trial.items(EVENTS, shop))
        trial.cell.run(Schedules(sabotage=self.sabotage))
        trial.hit = True


POINTS = tuple(KillPoint(name, None, Cheat(name)) for name in SABOTAGES)
