"""Our delivery: the run of the schedule, for the task's time."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.relay.wiring import parts
from local.bench.peers.stopwatch import Result, Stopwatch, Task, tell


def deliver(task: Task) -> Result:
    delivery = replace(parts().delivery(), senders=task.workers, seconds=round(task.seconds))
    delivery.book.due()  # connects
    watch = Stopwatch()
    return watch.stop(delivery.run().rows.get("delivered", 0))


if __name__ == "__main__":
    tell(deliver(Task.from_environment()))
