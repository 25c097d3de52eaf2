"""The broker is away for this process alone; others do not notice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fintegrate.messaging.publisher import Publisher


@contextmanager
def broker_away(publisher: Publisher) -> Iterator[None]:
    """An outage for the block: the publisher gets an address where nothing listens."""
    publisher.close()
    working = publisher._parameters  # noqa: SLF001 - see above
    publisher._parameters = type(working)("amqp://nobody:nothing@127.0.0.1:9/%2F")  # noqa: SLF001
    try:
        yield
    finally:
        publisher._parameters = working  # noqa: SLF001
        publisher.breaker.succeeded()
