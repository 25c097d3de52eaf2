"""Dies in POST /events/skip-head: the operator gets no answer and asks again for the same event."""

from __future__ import annotations

from dataclasses import dataclass

from local.banking.chaos.kill_points.changes import NO_BROKER, Outage
from local.banking.chaos.kill_points.trial import Trial
from local.chaos.boundaries import COMMIT, Statement, after, before
from local.chaos.kill_points import KillPoint

LOCK = Statement("functions/banking/events/skip_head.sql", "lock_head")


@dataclass(frozen=True)
class SkipHead:
    """A customer's first event is given up. `committed` says whether this was before the death."""

    committed: bool

    def __call__(self, trial: Trial) -> None:
        """One event is failed, however often this was asked. The later ones come in order."""
        trial.answers += trial.cell.run(Outage(trial.tenant, 1), NO_BROKER).answer
        head, *others = trial.events()
        body = {
            "customer_id": head.customer_id,
            "event_id": head.event_id,
            "reason": "a kill point",
        }
        request = trial.admin("POST", "/events/skip-head", body)
        trial.kill(request)
        trial.send(request, 409 if self.committed else 200)
        trial.come_to_rest()
        states = [event.publish_status for event in trial.events()]
        trial.expect(states == ["failed", *["published" for _ in others]], f"events are {states}")


POINTS = (
    KillPoint("skip-head: after the lock", after(LOCK), SkipHead(committed=False)),
    KillPoint("skip-head: before the commit", before(COMMIT), SkipHead(committed=False)),
    KillPoint(
        "skip-head: after the commit, before the answer", after(COMMIT), SkipHead(committed=True)
    ),
)
