"""The floors: what takes events in, and what acts on likes, written with the bare drivers.

They show what the same machine, servers, tables and queues allow in the same run without this project's
code. A figure has a meaning only as a ratio to its floor.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pika

from chalicelib.appevents.topology import EXCHANGE
from fintegrate.queries import load_queries
from local.appevents.bench.databases import AppDatabases

RAW = load_queries(Path(__file__).with_name("raw.sql"))


class _Raw:
    """A database of a service, and a channel whose publishes wait for their confirms."""

    def __init__(self, databases: AppDatabases, service: str) -> None:
        self._database = databases.connection(service)
        self._cursor = self._database.cursor()
        self._broker = pika.BlockingConnection(pika.URLParameters(databases.rabbitmq_url))
        self._channel = self._broker.channel()
        self._channel.confirm_delivery()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()
        self._broker.close()

    def _publish(self, envelope: Mapping[str, Any], headers: Mapping[str, Any]) -> None:
        """Publish an event, and wait for the broker's confirm."""
        properties = pika.BasicProperties(
            content_type="application/json",
            content_encoding="utf-8",
            delivery_mode=pika.DeliveryMode.Persistent,
            message_id=envelope["client_generated_id"],
            type=envelope["event_type"],
            app_id=envelope["source_service"],
            headers=dict(headers),
        )
        body, key = json.dumps(envelope).encode(), envelope["event_type"]
        self._channel.basic_publish(EXCHANGE, key, body, properties, mandatory=True)


class RawIngest(_Raw):
    """Takes events of one user in: the rows, the publishes one after the other, one mark."""

    def __init__(self, databases: AppDatabases) -> None:
        super().__init__(databases, "notify")
        self._user = str(uuid.uuid4())

    def one(self, event: Mapping[str, Any]) -> None:
        """Write an event, publish it, mark it."""
        values = {
            **self._request(),
            "id": event["client_generated_id"],
            "event_type": event["event_type"],
            "data": json.dumps(event["data"]),
            "hash": _hash(event),
            "told_at": event["timestamp"],
        }
        self._cursor.execute(RAW["accept"], values)
        self._publish_and_mark([event], values)

    def together(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Write events in one statement, publish them in order, mark them in one statement."""
        items = [
            {
                "nth": nth,
                "id": event["client_generated_id"],
                "event_type": event["event_type"],
                "data": event["data"],
                "hash": _hash(event),
                "told_at": event["timestamp"],
            }
            for nth, event in enumerate(events, start=1)
        ]
        values = {**self._request(), "items": json.dumps(items), "count": len(items)}
        self._cursor.execute(RAW["accept_all"], values)
        self._publish_and_mark(events, values)

    def _request(self) -> dict[str, Any]:
        now = datetime.now(UTC)
        return {"user_id": self._user, "received_at": now, "request_id": str(uuid.uuid4())}

    def _publish_and_mark(
        self, events: Sequence[Mapping[str, Any]], values: Mapping[str, Any]
    ) -> None:
        rows = self._cursor.fetchall()
        at = values["received_at"].isoformat()
        for event, (_, sequence) in zip(events, rows, strict=True):
            envelope = {
                **event,
                "schema_version": "1.0.0",
                "user_id": self._user,
                "source_service": "frontend",
            }
            headers = {
                "schema_version": "1.0.0",
                "user_id": self._user,
                "sequence": sequence,
                "received_at": at,
                "effective_at": event["timestamp"],
                "request_id": values["request_id"],
                "x-attempt": 0,
            }
            self._publish(envelope, headers)
        self._cursor.execute(RAW["mark_events"], {"ids": [row_id for row_id, _ in rows]})


def _hash(event: Mapping[str, Any]) -> str:
    said = json.dumps([event["event_type"], event["data"]], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
