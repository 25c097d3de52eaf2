"""Every minute and on a nudge: carries out the replays that POST /replay/data made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from chalice import Rate

from chalicelib.banking.replay.nudges import QUEUE
from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled
from fintegrate.messaging.nudges import TOGETHER
from fintegrate.messaging.queue_function import QueueMessage, batch_function


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="replay")
@scheduled
def replay(_event: Any) -> dict[str, Any]:
    """Overlapping runs are harmless: each job is leased by one."""
    return _work()


@schedules.lambda_function(name="replay_nudged")
@batch_function(QUEUE, batch=TOGETHER)
def replay_nudged(_nudges: Sequence[QueueMessage], _left: Callable[[], float]) -> Mapping[str, int]:
    """One run, however many nudges. One that comes again finds nothing to do."""
    worked = _work()
    parts().metrics.flush()
    return worked


def _work() -> dict[str, Any]:
    from chalicelib.banking.events.counters import count_replayed
    from chalicelib.banking.replay.worker import ReplayWorker

    own, settings = parts(), parts().settings
    breaker = own.publisher.breaker
    worker = ReplayWorker(
        own.sweep_database,
        own.counting_sender("replay"),
        lambda: breaker.state,
        handoff_seconds=settings.publish_handoff_seconds,
        probe_seconds=settings.publish_probe_seconds,
    )
    worked = asdict(worker.run(settings.replay_seconds))
    count_replayed(own.metrics, worked)
    return worked
