"""Chooses how the servers run: as LOCAL_SERVICES says, as they run already, or as they can."""

from __future__ import annotations

import os

from local.machine.checkout import Checkout
from local.services.group import Trio
from local.services.native.postgresql import PostgreSQL
from local.services.native.rabbitmq import RabbitMQ
from local.services.native.redis import Redis
from local.services.service import ServiceError

KINDS = ("docker", "native", "external")


def wanted_kind() -> str | None:
    """The value of LOCAL_SERVICES, or `None` when it is not set.

    Raises:
        ServiceError: it has a value that means nothing
    """
    kind = os.environ.get("LOCAL_SERVICES", "").strip().lower()
    if kind and kind not in KINDS:
        raise ServiceError(f"LOCAL_SERVICES must be one of {', '.join(KINDS)}, got {kind!r}")
    return kind or None


def native(checkout: Checkout) -> Trio:
    """The three as processes of this machine."""
    rabbitmq = RabbitMQ(checkout)
    return Trio(
        "native", PostgreSQL(checkout), rabbitmq, Redis(checkout), lambda: rabbitmq.management_url
    )


def containers(checkout: Checkout) -> Trio:
    """The three in containers; the SDK is imported only here, for its 150 ms."""
    from local.services.docker.images import PostgreSQLContainer, RabbitMQContainer, RedisContainer

    rabbitmq = RabbitMQContainer(checkout)
    return Trio(
        "docker",
        PostgreSQLContainer(checkout),
        rabbitmq,
        RedisContainer(checkout),
        lambda: rabbitmq.management_url,
    )


def _engine_answers() -> bool:
    from local.services.docker.engine import answers

    return answers()


def _possible(checkout: Checkout) -> list[Trio]:
    """Every kind that can run here, the preferred one first."""
    return [containers(checkout), native(checkout)] if _engine_answers() else [native(checkout)]


def choose(checkout: Checkout) -> Trio:
    """The three servers as they run or should run in this checkout.

    Raises:
        ServiceError: they run as another kind than LOCAL_SERVICES wants
    """
    kind = wanted_kind()
    possible = _possible(checkout)
    running = next((trio for trio in possible if trio.any_running()), None)
    if running is not None and kind not in (None, running.kind):
        raise ServiceError(f"The servers run as {running.kind}; `make down` first for {kind}")
    if kind is None:
        return running or possible[0]
    return native(checkout) if kind == "native" else containers(checkout)


def stop_all(checkout: Checkout) -> None:
    """Stop the checkout's servers of every kind."""
    for trio in _possible(checkout):
        trio.stop()


def remove_all(checkout: Checkout) -> None:
    """Stop the checkout's servers of every kind and delete their data."""
    for trio in _possible(checkout):
        trio.remove()
