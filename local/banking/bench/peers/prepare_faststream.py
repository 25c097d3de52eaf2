"""Makes the peer's empty table with the recommended settings. Runs in the peer's virtualenv."""

from __future__ import annotations

import asyncio
import os

from faststream_outbox import make_outbox_table, outbox_autovacuum_ddl
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine


async def main() -> None:
    metadata = MetaData()
    make_outbox_table(metadata, "outbox")
    engine = create_async_engine(
        os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://", 1)
    )
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        await connection.execute(text(outbox_autovacuum_ddl("outbox")))
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
