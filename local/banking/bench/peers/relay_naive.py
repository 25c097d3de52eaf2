"""The relay that most teams write first: one connection, one publish and one update per event.

It is not slowed on purpose. Publishing is confirmed, mandatory and persistent. A single instance keeps
the order, because it handles one event at a time.
"""

from __future__ import annotations

import os
from typing import Any

import pika
import psycopg2
from psycopg2.extras import RealDictCursor

from chalicelib.banking.events.message import compose
from local.bench.peers.stopwatch import Result, Stopwatch, Task, tell

PENDING = """
SELECT e.*, c.name AS consumer_name, c.message_format, 1 AS epoch
FROM customer_events e JOIN consumers c ON c.consumer_id = e.consumer_id
WHERE e.publish_status = 'pending' ORDER BY e.created_at, e.event_id LIMIT 100
"""
PUBLISHED = """
UPDATE customer_events SET publish_status = 'published', published_at = clock_timestamp()
WHERE event_id = %s AND publish_status = 'pending'
"""


def publish(row: dict[str, Any]) -> None:
    """Publish one message on a new connection and wait for its confirm."""
    message = compose(row)
    with pika.BlockingConnection(pika.URLParameters(os.environ["RABBITMQ_URL"])) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish(
            message.exchange, message.routing_key, message.body, message.properties, mandatory=True
        )


def drain(task: Task) -> Result:
    """Publish and mark one event after the other until nothing is left or the time is up."""
    database = psycopg2.connect(os.environ["DATABASE_URL"])
    database.autocommit = True
    cursor, done, watch = database.cursor(cursor_factory=RealDictCursor), 0, Stopwatch()
    while watch.seconds < task.seconds:
        cursor.execute(PENDING)
        rows = cursor.fetchall()
        if not rows:
            break
        for row in rows:
            if watch.seconds >= task.seconds:
                break
            publish(dict(row))
            cursor.execute(PUBLISHED, (row["event_id"],))
            done += cursor.rowcount
    return watch.stop(done)


if __name__ == "__main__":
    tell(drain(Task.from_environment()))
