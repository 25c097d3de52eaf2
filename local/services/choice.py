"""Chooses how the servers run: as LOCAL_SERVICES says, as they run already, or as they can."""

import os

from local.checkout import Checkout
from local.services.native.postgresql import PostgreSQL
from local.services.native.rabbitmq import RabbitMQ
from local.services.native.redis import Redis
from local.services.service import ServiceError
from local.services.trio import Trio

KINDS = ("docker", "native", "external")


def wanted_kind() -> str | None:
    """The value of LOCAL_SERVICES, or ``None`` when it is not set.

    :raises ServiceError: it has a value that means nothing
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


def stop_all(checkout: Checkout) -> None:
    """Stop the checkout's servers of every kind."""
    native(checkout).stop()


def remove_all(checkout: Checkout) -> None:
    """Stop the checkout's servers of every kind and delete their data."""
    native(checkout).remove()


def choose(checkout: Checkout) -> Trio:
    """The three servers as they run or should run in this checkout."""
    return native(checkout)
