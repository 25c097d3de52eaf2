"""Our ingest: the handler called in this process, without HTTP."""

from __future__ import annotations

from local.bench.peers.stopwatch import Result, Stopwatch, Task, tell
from local.relay.bench.api import ingesting
from local.relay.bench.items import item

CODE = "bench"


def ingest(task: Task) -> Result:
    """Post batches, one after another, until the time is up."""

    def batch() -> list[dict[str, object]]:
        return [item(CODE) for _ in range(task.batch)]

    ingesting(batch())()
    calls = [ingesting(batch()) for _ in range(max(12, 1_000 // task.batch))]
    watch, done = Stopwatch(), 0
    for call in calls:
        if watch.seconds > task.seconds:
            break
        call()
        done += task.batch
    return watch.stop(done)


if __name__ == "__main__":
    tell(ingest(Task.from_environment()))
