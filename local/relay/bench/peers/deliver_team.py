"""The peer's delivery: its worker, until nothing is due or the time is up."""

from __future__ import annotations

import asyncio

from sqlalchemy import text

from local.bench.peers.stopwatch import Result, Stopwatch, Task, tell
from local.relay.bench.peers.team import Worker, engine


async def deliver(task: Task) -> Result:
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    worker, watch = Worker(task.workers), Stopwatch()
    await worker.run(task.seconds)
    result = watch.stop(worker.delivered)
    await engine.dispose()
    return result


if __name__ == "__main__":
    tell(asyncio.run(deliver(Task.from_environment())))
