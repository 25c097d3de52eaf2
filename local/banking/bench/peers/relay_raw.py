"""The ceiling: pika alone, publishing composed messages in a pipeline of confirms.

This is no relay. It reads and marks nothing, guards no order, and records no outcome per message.
"""

from __future__ import annotations

import os

from local.banking.bench.peers.backlog import pending_messages
from local.bench.peers.stopwatch import Result, Stopwatch, tell
from local.bench.raw_publisher import RawPublisher


def publish_all() -> Result:
    """Publish the composed messages and wait for the last confirm."""
    messages = pending_messages(os.environ["DATABASE_URL"])
    with RawPublisher(os.environ["RABBITMQ_URL"]) as publisher:
        watch = Stopwatch()
        publisher.publish(messages)
        return watch.stop(len(messages))


if __name__ == "__main__":
    tell(publish_all())
