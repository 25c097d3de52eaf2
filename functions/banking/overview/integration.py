"""What a bank's integrator has to know, and which steps of a working integration are done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chalicelib.banking.broker import access
from chalicelib.banking.events import topology
from chalicelib.banking.overview.integration_models import WebhookShown
from chalicelib.banking.tenants import ADMIN_NAME
from fintegrate.database import Database, Row
from fintegrate.errors import NotFound
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
SCHEMAS = {"json": "docs/api/schemas/{}.json", "xml": "docs/api/schemas/messages.xsd"}
"""Where a type of event is described, by the format of the messages."""


def read_integration(db: Database, consumer_id: str, broker_address: str) -> dict[str, Any]:
    """The answer of `GET /consumer/integration`.

    Raises:
        NotFound: there is no such consumer.
    """
    wanted = {"consumer_id": consumer_id}
    row = db.fetch_one(SQL["consumer"], wanted)
    if row is None:
        raise NotFound("No such consumer; check consumer_id")
    if row["state"] is not None:  # nobody has to read its queue
        row |= {"depth": None, "readers": None}
    words = db.fetch_all(SQL["last_words"], wanted)[0]
    letters, queue = topology.queues([row["name"]])
    key = {"key_id": row["key_id"], "expires_at": row["expires_at"]} if row["key_id"] else None
    return {
        "consumer_id": row["consumer_id"],
        "consumer_name": row["name"],
        "status": row["status"],
        "message_format": row["message_format"],
        "delivery": "queue" if row["state"] is None else "webhook",
        "webhook": _webhook(row),
        "queue": queue.name,
        "dead_letter_queue": letters.name,
        "arguments": queue.arguments,
        "depth": row["depth"],
        "readers": row["readers"],
        "observed_at": row["observed_at"],
        **words,
        "event_types": list(_event_types(row["name"], SCHEMAS[row["message_format"]])),
        "broker_address": broker_address,
        "key": key,
        "access": _access(db, consumer_id),
        "steps": [*(_by_queue(row) if row["state"] is None else _by_webhook(row)), *_said(words)],
    }


def _event_types(name: str, schemas: str) -> Iterator[dict[str, str]]:
    kinds = topology.EVENT_TYPES if name == ADMIN_NAME else topology.CUSTOMER_EVENT_TYPES
    for kind in kinds:
        key = topology.routing_key(kind, name)
        yield {"event_type": kind, "routing_key": key, "schema": schemas.format(kind)}


def _access(db: Database, consumer_id: str) -> dict[str, Any] | None:
    try:
        row = access.read_access(db, consumer_id)
    except NotFound:
        return None
    return {"username": row["username"], "state": row["state"]}


def _webhook(row: Row) -> dict[str, Any] | None:
    return {name: row[name] for name in WebhookShown.__annotations__} if row["state"] else None


def _by_queue(row: Row) -> Iterator[dict[str, Any]]:
    """`done` is None while nobody has looked at the queue."""
    looked, readers = row["observed_at"], row["readers"]
    connected = None if readers is None else readers > 0
    name = topology.queue_name(row["name"])
    there = "There is no queue {}" if row["present"] is False else "The queue {} is there"
    reads = "No program reads {}" if connected is False else "A program reads {}"
    yield _step("queue", row["present"], looked, there.format(name))
    yield _step("connected", connected, looked, reads.format(name))


def _by_webhook(row: Row) -> Iterator[dict[str, Any]]:
    """`done` is None while the bank's server has not been called."""
    yield _step("webhook", True, row["called_since"], f"Events go to {row['url']}")
    taken = row["last_delivered_at"]
    if row["state"] != "open":
        does = "asks us to wait" if row["state"] == "waiting" else "takes no events"
        yield _step("connected", False, taken, f"The bank's server {does}: {row['reason']}")
    elif taken is None:
        yield _step("connected", None, None, "The bank's server has taken no event yet")
    else:
        yield _step("connected", True, taken, "The bank's server takes events")


def _said(words: Row) -> Iterator[dict[str, Any]]:
    for step in ("received", "processed"):
        at = words[f"last_{step}_at"]
        told = "The bank has confirmed" if at else "The bank has not confirmed"
        yield _step(step, at is not None, at, f"{told} an event as {step}")


def _step(step: str, done: bool | None, at: Any, sentence: str) -> dict[str, Any]:
    return {"step": step, "done": done, "at": at if done else None, "sentence": sentence}
