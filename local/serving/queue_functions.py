"""Feeds the functions of the source tree from their queues.

The layer's decorator marks these functions with their queue. There is no template here. Those of all
systems say that a batch waits for no further messages, so here it takes what is there already.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pika

from local.serving.queue_source import QueueSource, QueueSpec

if TYPE_CHECKING:
    from chalice.app import Chalice

WINDOW_SECONDS = 0.02
"""In which messages come that wait already."""
log = logging.getLogger(__name__)
Call = Callable[[str, dict[str, Any]], object]


def queue_functions(
    app: Chalice, urls: Mapping[str, str], window_seconds: float = WINDOW_SECONDS
) -> list[QueueSpec]:
    """The queues of the app's functions (see `fintegrate.messaging.queue_function`).

    Args:
        urls: those of brokers by their variables; a function whose broker has none gets nothing
    """
    return [
        QueueSpec(
            function.name,
            queue.name,
            pika.URLParameters(urls[queue.broker]).virtual_host,
            batch_size=queue.batch,
            window_seconds=window_seconds,
        )
        for function in app.pure_lambda_functions
        if (queue := getattr(function.func, "__queue__", None)) and urls.get(queue.broker)
    ]


class SourceQueues:
    """Feeds every such function, one batch at a time, from `start` to `stop`.

    Args:
        url: the broker, with a user who may read the queues of every virtual host
        urls: the brokers' variables, which say the virtual host of each queue
        call: calls the function of that name with an event; raises what the function raises
        window_seconds: how long a batch waits for further messages
    """

    def __init__(
        self,
        app: Chalice,
        url: str,
        urls: Mapping[str, str],
        call: Call,
        window_seconds: float = WINDOW_SECONDS,
    ) -> None:
        self._call = call
        specs = queue_functions(app, urls, window_seconds)
        self._pool = ThreadPoolExecutor(max(1, len(specs)), thread_name_prefix="queue function")
        self._sources = [QueueSource(spec, url, self._feed) for spec in specs]

    def start(self) -> None:
        for source in self._sources:
            source.start()

    def stop(self) -> None:
        """Consume no more. A batch that does not finish soon goes back to its queue."""
        for source in self._sources:
            source.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _feed(self, name: str, event: bytes) -> Future[bool]:
        return self._pool.submit(self._succeeds, name, event)

    def _succeeds(self, name: str, event: bytes) -> bool:
        try:
            self._call(name, json.loads(event))
        except Exception:
            log.exception("function %s failed; its batch goes back to the queue", name)
            return False
        return True
