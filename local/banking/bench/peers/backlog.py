"""The backlog for every relay: the same events in our table and, composed, in the peer's.

Each customer is created and changed at once, five times over. An event of the second kind follows its
predecessor immediately, so a relay that handles several events at once can reorder them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import psycopg2
from psycopg2.extras import Json, RealDictCursor, execute_values

from chalicelib.banking.events.message import compose
from fintegrate.messaging.message import Message
from local.bench.raw_publisher import pikas_own

CUSTOMERS = 1_000
VISITS = 5
EVENTS = 2 * CUSTOMERS * VISITS
WRITE = """
WITH subject AS (
    SELECT gen_random_uuid() AS customer_id, number,
           (%(consumer_ids)s::uuid[])[1 + number %% cardinality(%(consumer_ids)s::uuid[])]
               AS consumer_id
    FROM generate_series(1, %(customers)s) number
)
INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                             payload_json, metadata_json, created_at, publish_failure_reason)
SELECT consumer_id, customer_id, 2 * visit + second + 1,
       CASE WHEN visit + second = 0 THEN 'customer_creation' ELSE 'customer_status_change' END,
       'POST: /customer/data',
       jsonb_build_object('customer_id', customer_id, 'name', 'John Richard Doe',
                          'status', 'ACTIVE'),
       jsonb_build_object('created_at', clock_timestamp(), 'sequence', 2 * visit + second + 1,
                          'source_service', 'POST: /customer/data'),
       transaction_timestamp() - interval '1 hour'
           + visit * interval '1 minute' + number * interval '20 milliseconds'
           + second * interval '1 millisecond',
       'the broker was away'
FROM generate_series(0, %(visits)s - 1) visit, generate_series(0, 1) second, subject
ORDER BY visit, number, second
"""
PENDING = """
SELECT e.*, c.name AS consumer_name, c.message_format, 1 AS epoch,
       e.publish_try_count + 1 AS publish_try_count
FROM customer_events e JOIN consumers c ON c.consumer_id = e.consumer_id
WHERE e.publish_status = 'pending' ORDER BY e.created_at, e.event_id
"""
PEER_QUEUE = "relay"
FINISHED = """
SELECT (SELECT count(*) FROM customer_events WHERE publish_status = 'published')
     + %(events)s - (SELECT count(*) FROM outbox)
"""
COPY_TO_PEER = "INSERT INTO outbox (queue, payload, headers) VALUES %s"


def write_backlog(database_url: str, consumer_ids: Sequence[str]) -> None:
    """Write the backlog into our table."""
    connection = psycopg2.connect(database_url)
    values = {"consumer_ids": list(consumer_ids), "customers": CUSTOMERS, "visits": VISITS}
    with connection, connection.cursor() as cursor:
        cursor.execute(WRITE, values)
    connection.close()


def pending_messages(database_url: str) -> list[Message]:
    """The backlog of our table as messages for the broker, oldest first."""
    connection = psycopg2.connect(database_url, cursor_factory=RealDictCursor)
    with connection, connection.cursor() as cursor:
        cursor.execute(PENDING)
        messages = [pikas_own(compose(dict(row))) for row in cursor.fetchall()]
    connection.close()
    return messages


GRANT_PEER = """
GRANT ALL ON ALL TABLES IN SCHEMA public TO fintegrate_app;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO fintegrate_app
"""
"""Every relay works as the functions' user; only we have grants in the migrations."""


def copy_to_peer(database_url: str) -> None:
    """Write the same messages in the same order into the peer's table. Then vacuum it."""
    rows = [(PEER_QUEUE, m.body, Json(_headers(m))) for m in pending_messages(database_url)]
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        execute_values(cursor, COPY_TO_PEER, rows, page_size=1_000)
        cursor.execute(GRANT_PEER)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()


def finished(database_url: str) -> int:
    """The number of events recorded as published: marked in our table, removed from the peer's."""
    with closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(FINISHED, {"events": EVENTS})
        [(count,)] = cursor.fetchall()
        return int(count)


def _headers(message: Message) -> dict[str, str]:
    properties = message.properties
    return {
        "routing_key": message.routing_key,
        "message_id": str(properties.message_id),
        "type": str(properties.type),
        "content-type": str(properties.content_type),
        **{name: str(value) for name, value in (properties.headers or {}).items()},
    }
