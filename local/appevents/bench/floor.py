"""The floors: what takes events in, and what acts on likes, written with the bare drivers.

They show what the same machine, servers, tables and queues allow in the same run without this project's
code. A figure has a meaning only as a ratio to its floor.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pika

from chalicelib.appevents.topology import EXCHANGE
from fintegrate.messaging.message import Message
from fintegrate.queries import load_queries
from local.appevents.bench.databases import AppDatabases
from local.bench.raw_publisher import RawPublisher

RAW = load_queries(Path(__file__).with_name("raw.sql"))
VERSION = "1.0.0"


class RawIngest:
    """Takes events of one user in: the rows, the publishes in order, one mark."""

    def __init__(self, databases: AppDatabases) -> None:
        self._user = str(uuid.uuid4())
        self._database = databases.connection("notify")
        self._cursor = self._database.cursor()
        self._broker = pika.BlockingConnection(pika.URLParameters(databases.rabbitmq_url))
        self._channel = self._broker.channel()
        self._channel.confirm_delivery()
        self._publisher = RawPublisher(databases.rabbitmq_url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._publisher.__exit__()
        self._database.close()
        self._broker.close()

    def one(self, event: Mapping[str, Any]) -> None:
        """Write an event, publish it and wait for the confirm, mark it."""
        values = {
            **self._request(),
            "id": event["client_generated_id"],
            "event_type": event["event_type"],
            "data": json.dumps(event["data"]),
            "hash": _hash(event),
            "told_at": event["timestamp"],
        }
        self._cursor.execute(RAW["accept"], values)
        ids, (message,) = self._messages([event], values)
        self._channel.basic_publish(*message[:4], mandatory=True)
        self._cursor.execute(RAW["mark_events"], {"ids": ids})

    def together(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Write events in one statement, publish them in one pipeline, mark them in one statement."""
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
        ids, messages = self._messages(events, values)
        self._publisher.publish(messages)
        self._cursor.execute(RAW["mark_events"], {"ids": ids})

    def _request(self) -> dict[str, Any]:
        now = datetime.now(UTC)
        return {"user_id": self._user, "received_at": now, "request_id": str(uuid.uuid4())}

    def _messages(
        self, events: Sequence[Mapping[str, Any]], values: Mapping[str, Any]
    ) -> tuple[list[int], list[Message]]:
        """The ids of the rows that were just written, and their messages."""
        rows = self._cursor.fetchall()
        said = {"schema_version": VERSION, "user_id": self._user}
        known = {
            **said,
            "received_at": values["received_at"].isoformat(),
            "request_id": values["request_id"],
            "x-attempt": 0,
        }
        messages = [
            _message(
                {**event, **said, "source_service": "frontend"},
                {**known, "sequence": sequence, "effective_at": event["timestamp"]},
            )
            for event, (_, sequence) in zip(events, rows, strict=True)
        ]
        return [row_id for row_id, _ in rows], messages


class RawLikes:
    """Acts on batches of `interaction.liked`: a transaction, and its outcomes in one pipeline."""

    def __init__(self, databases: AppDatabases) -> None:
        self._database = databases.connection("video")
        self._database.autocommit = False
        self._cursor = self._database.cursor()
        self._publisher = RawPublisher(databases.rabbitmq_url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._publisher.__exit__()
        self._database.close()

    def settle(self, event: Mapping[str, Any]) -> None:
        """Do what the messages of a queue's event say, publish what became of them, mark that."""
        (entries,) = event["rmqMessagesByQueue"].values()
        done = [self._like(entry) for entry in entries]
        self._database.commit()
        self._publisher.publish([message for _, message in done])
        self._cursor.execute(RAW["mark_outcomes"], {"ids": [row_id for row_id, _ in done]})
        self._database.commit()

    def _like(self, entry: Mapping[str, Any]) -> tuple[int, Message]:
        said = json.loads(base64.b64decode(entry["data"]))
        outcome = str(uuid.uuid5(uuid.UUID(said["client_generated_id"]), "liked"))
        values = {
            "id": said["client_generated_id"],
            "user_id": said["user_id"],
            "target_id": said["data"]["target_id"],
            "sequence": entry["basicProperties"]["headers"].get("sequence"),
            "told_at": said["timestamp"],
            "outcome_id": outcome,
        }
        (_,) = self._row("take", values)
        self._row("lock_post", values)
        (step,) = self._row("like", values)
        count, liked = self._row("count_post", {**values, "step": step})
        data = {"target_id": values["target_id"], "like_count": count, "liked": liked}
        row_id, at = self._row("write", {**values, "data": json.dumps(data)})
        own = {"schema_version": VERSION, "user_id": said["user_id"], "causation_id": values["id"]}
        envelope = {
            **own,
            "event_type": "interaction.persisted",
            "client_generated_id": outcome,
            "timestamp": at.isoformat(),
            "source_service": "video",
            "data": data,
        }
        times = {"received_at": at.isoformat(), "effective_at": at.isoformat()}
        return row_id, _message(envelope, {**own, **times, "x-attempt": 0})

    def _row(self, statement: str, values: Mapping[str, Any]) -> tuple[Any, ...]:
        self._cursor.execute(RAW[statement], values)
        row = self._cursor.fetchone()
        if row is None:
            raise RuntimeError(f"the floor's {statement} gave no row")
        return row


def _message(envelope: Mapping[str, Any], headers: Mapping[str, Any]) -> Message:
    properties = pika.BasicProperties(
        content_type="application/json",
        content_encoding="utf-8",
        delivery_mode=pika.DeliveryMode.Persistent,
        message_id=envelope["client_generated_id"],
        type=envelope["event_type"],
        app_id=envelope["source_service"],
        headers=dict(headers),
    )
    body = json.dumps(envelope).encode()
    return Message(EXCHANGE, envelope["event_type"], body, properties, order_key="")


def _hash(event: Mapping[str, Any]) -> str:
    said = json.dumps([event["event_type"], event["data"]], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
