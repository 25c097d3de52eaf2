"""The floor of a create: one statement, one confirmed publish and one update with the bare drivers.

It shows what the same machine, servers, table and queue allow in the same run without this project's
code. A figure has a meaning only as a ratio to its floor.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Self

import pika
import psycopg2

from chalicelib.banking.events.topology import EXCHANGE, routing_key
from fintegrate.queries import load_queries

RAW = load_queries(Path(__file__).with_name("raw.sql"))


class RawCreate:
    """Creates customers, as a program that does nothing else would."""

    def __init__(
        self, database_url: str, rabbitmq_url: str, consumer_id: str, consumer_name: str
    ) -> None:
        self._database = psycopg2.connect(database_url)
        self._database.autocommit = True
        self._cursor = self._database.cursor()
        self._broker = pika.BlockingConnection(pika.URLParameters(rabbitmq_url))
        self._channel = self._broker.channel()
        self._channel.confirm_delivery()
        self._key = routing_key("customer_creation", consumer_name)
        self._values = {
            "consumer_id": consumer_id,
            "consumer_name": consumer_name,
            "name": "John Richard Doe",
            "status": "ACTIVE",
            "source_service": "POST: /customer/data",
            "traceparent": None,
        }
        self.committed: dict[str, float] = {}
        """When each event was committed, on the monotonic clock."""

    def create(self) -> None:
        """Create a customer with its event, publish the event and mark it."""
        self._cursor.execute(RAW["create_customer"], self._values)
        row = self._cursor.fetchone()
        assert row is not None
        self.committed[row[0]] = time.monotonic()
        body = json.dumps({"event_id": row[0], "data": row[6], "metadata": row[7]}).encode()
        properties = pika.BasicProperties(
            message_id=row[0], delivery_mode=pika.DeliveryMode.Persistent
        )
        self._channel.basic_publish(EXCHANGE, self._key, body, properties, mandatory=True)
        self._cursor.execute(RAW["mark_published"], {"event_id": row[0]})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()
        self._broker.close()
