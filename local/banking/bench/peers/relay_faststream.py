"""The peer's relay: faststream-outbox with FastStream's RabbitMQ broker (aio-pika) and asyncpg.

It follows its documentation's advice, with the fastest settings that we found: large claims, batched
deletes, its autovacuum settings, and confirms. It runs in its own virtualenv
(`requirements-peers.txt`). `prepare_faststream.py` makes its table.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from faststream.rabbit import Channel, RabbitBroker, RabbitExchange
from faststream_outbox import OutboxBroker, make_outbox_table
from faststream_outbox.annotations import OutboxMessage
from sqlalchemy import MetaData, select
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from local.bench.peers.stopwatch import Result, Stopwatch, Task, tell

BATCH = 100
TABLE = make_outbox_table(MetaData(), "outbox")


async def is_empty(engine: AsyncEngine) -> bool:
    """Whether everything is done, judged by the newest row."""
    newest = select(TABLE.c.id).order_by(TABLE.c.id.desc()).limit(1)
    async with engine.connect() as connection:
        return (await connection.execute(newest)).first() is None


def properties(message: OutboxMessage) -> dict[str, Any]:
    """The AMQP properties that the row stores among its headers."""
    headers: dict[str, Any] = dict(message.headers)
    names = {"routing_key": "routing_key", "content_type": "content-type"}
    names |= {"message_id": "message_id", "message_type": "type"}
    taken = {argument: headers.pop(name) for argument, name in names.items()}
    return {**taken, "headers": {**headers, "sequence": int(headers["sequence"])}}


async def drain(engine: AsyncEngine, task: Task) -> Result:
    """Relay with `task.workers` until nothing is left or the time is up."""
    outbox = OutboxBroker(engine, outbox_table=TABLE, logger=None)
    careful = Channel(publisher_confirms=True, on_return_raises=True)
    rabbit = RabbitBroker(os.environ["RABBITMQ_URL"], default_channel=careful, logger=None)
    exchange = RabbitExchange("customer_events", declare=False)
    relayed = 0

    async def relay(message: OutboxMessage) -> None:
        nonlocal relayed
        await rabbit.publish(message.body, exchange=exchange, persist=True, **properties(message))
        relayed += 1

    outbox.subscriber(
        "relay",
        max_workers=task.workers,
        fetch_batch_size=BATCH,
        min_fetch_interval=0.01,
        terminal_flush_batch_size=BATCH,
    )(relay)
    await rabbit.connect()
    await is_empty(engine)
    watch = Stopwatch()
    await outbox.start()
    before = -1
    while watch.seconds < task.seconds:
        if relayed == before and await is_empty(engine):  # only when nothing moves
            break
        before = relayed
        await asyncio.sleep(0.02)
    await outbox.stop()  # it finishes what it has claimed
    result = watch.stop(relayed)
    await rabbit.stop()
    return result


async def main() -> None:
    """Drain the backlog that the environment names."""
    task = Task.from_environment()
    address = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(address, pool_size=task.workers + 3)
    try:
        tell(await drain(engine, task))
    finally:
        await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
