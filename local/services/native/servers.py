"""Which servers run natively: a further one is a module of its own and an entry here."""

from __future__ import annotations

from local.services.native.objects import ObjectStore, wanted_kind
from local.services.native.postgresql import PostgreSQL
from local.services.native.rabbitmq import RabbitMQ
from local.services.native.redis import Redis
from local.services.native.server import NativeServer

SERVERS: tuple[type[NativeServer], ...] = (PostgreSQL, RabbitMQ, Redis, ObjectStore)


def wanted() -> list[type[NativeServer]]:
    """Those that a checkout runs: an object store that is somebody else's is none of them."""
    return [each for each in SERVERS if each is not ObjectStore or wanted_kind() != "external"]


def missing() -> list[type[NativeServer]]:
    """Those whose program is not installed."""
    return [server for server in wanted() if server.program.find() is None]
