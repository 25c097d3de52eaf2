"""Which servers run natively: a further one is a module of its own and an entry here."""

from __future__ import annotations

from local.services.native.postgresql import PostgreSQL
from local.services.native.rabbitmq import RabbitMQ
from local.services.native.redis import Redis
from local.services.native.server import NativeServer

SERVERS: tuple[type[NativeServer], ...] = (PostgreSQL, RabbitMQ, Redis)


def missing() -> list[type[NativeServer]]:
    """Those whose program is not installed."""
    return [server for server in SERVERS if server.program.find() is None]
