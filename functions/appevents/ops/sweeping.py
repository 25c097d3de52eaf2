"""Takes dead letters from the broker: stored in the database, then acknowledged.

A service that dead-letters an event rejects it. An event that the broker has given up was ended by no
service, so the sweep rejects it, in the transaction that stores its letter.

If the process dies in between the broker delivers them again, and their fingerprints are recognised. A
queue that cannot be read stops no other one.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pika
import pika.exceptions
from pika.adapters.blocking_connection import BlockingChannel

from chalicelib.appevents.events.catalogue import TYPES
from chalicelib.appevents.notification.outcomes import give_up
from chalicelib.appevents.ops.dead_letters import SQL
from fintegrate.database import Database
from fintegrate.messaging.copies import ATTEMPT, plain
from fintegrate.messaging.publisher import parameters_of

BATCH = 200
BATCH_BYTES = 16 * 1024 * 1024
UNKNOWN = "unknown"
DELIVERY_LIMIT = "delivery_limit"
"""The broker's word for a message that came back too often."""
GIVEN_UP = "its service did not finish it within the broker's delivery limit"
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
"""In JSON. After an odd number of backslashes `u0000` is a text of five characters."""
log = logging.getLogger(__name__)


class LettersStuck(Exception):
    """Dead letters could not be read or stored, and stay in their queues; the log has the errors."""


def sweep(db: Database, broker_url: str, services: Sequence[str], seconds: float) -> int:
    """Empty the dead-letter queues of services, for at most about `seconds`; returns how many came.

    Raises:
        LettersStuck: at the end, if some queue could not be emptied.
    """
    deadline, kept, stuck = time.monotonic() + seconds, 0, []
    for index, service in enumerate(services):
        share = (deadline - time.monotonic()) / (len(services) - index)
        try:
            kept += _empty(db, broker_url, service, time.monotonic() + share)
        except Exception:
            log.exception("dead letters of %s stay where they are", service)
            stuck.append(service)
    if stuck:
        raise LettersStuck(f"dead letters not kept: {', '.join(stuck)}")
    return kept


def _empty(db: Database, broker_url: str, service: str, deadline: float) -> int:
    connection = pika.BlockingConnection(_parameters(broker_url))
    kept = 0
    try:
        channel = connection.channel()
        while time.monotonic() < deadline and (letters := list(_taken(channel, service))):
            with db.transaction():
                for _, letter in letters:
                    db.execute(SQL["keep"], letter)
                    _reject_if_given_up(db, letter)
            channel.basic_ack(letters[-1][0], multiple=True)
            kept += len(letters)
    finally:
        with suppress(pika.exceptions.AMQPError):
            connection.close()
    return kept


def _parameters(url: str) -> pika.URLParameters:
    parameters = parameters_of(url, "APP_RABBITMQ_URL")
    parameters.socket_timeout = parameters.stack_timeout = 3
    parameters.blocked_connection_timeout = 5
    return parameters


def _taken(channel: BlockingChannel, service: str) -> Iterator[tuple[int, dict[str, Any]]]:
    size = 0
    for _ in range(BATCH):
        if size >= BATCH_BYTES:
            return
        method, properties, body = channel.basic_get(f"app.{service}.dlq")
        if method is None or properties is None or body is None:
            return
        size += len(body)
        yield int(method.delivery_tag or 0), letter_of(service, properties, body)


def letter_of(service: str, properties: pika.BasicProperties, body: bytes) -> dict[str, Any]:
    """What is kept of a dead letter. Anybody may have written it."""
    headers: dict[str, Any] = dict(properties.headers or {})
    said, attempt = _object_in(body), headers.get(ATTEMPT)
    code = _text(headers.get("x-error-code")) or _brokers_reason(headers)
    message_id = _text(properties.message_id)
    kind = _text(said.get("event_type")) or _text(properties.type)
    identity = f"{service}\0{message_id}\0{kind}\0".encode()
    return {
        "service": service,
        "user_id": _uuid(said.get("user_id")),
        "client_generated_id": _uuid(said.get("client_generated_id")),
        "message_id": message_id,
        "event_type": kind,
        "error_code": code,
        "error": _text(headers.get("x-error")) or "the broker gave the message up",
        "attempt": attempt if type(attempt) is int and 0 <= attempt < 1_000 else 0,
        "body": body,
        "headers": _as_json(headers),
        "failed_at": _moment(headers.get("x-failed-at")),
        "fingerprint": hashlib.sha256(identity + body).hexdigest(),
    }


def _reject_if_given_up(db: Database, letter: Mapping[str, Any]) -> None:
    """Reject an accepted event that came back too often; other letters say nothing of an event's end."""
    known = TYPES.get(letter["event_type"] or "")
    is_its_end = known and known.is_accepted and letter["service"] in known.read_by
    key = letter["user_id"], letter["client_generated_id"]
    if letter["error_code"] != DELIVERY_LIMIT or not is_its_end or not all(key):
        return
    if give_up(db, *key, letter["event_type"], GIVEN_UP):
        log.warning("%s of %s was given up by the broker", key[1], letter["service"])


def _brokers_reason(headers: Mapping[str, Any]) -> str:
    """Such as `delivery_limit`, if no function has said why."""
    deaths = headers.get("x-death")
    last = deaths[0] if isinstance(deaths, list) and deaths else {}
    return _text(last.get("reason") if isinstance(last, dict) else None) or UNKNOWN


def _object_in(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _text(value: object) -> str | None:
    return plain(value) if isinstance(value, str) and value else None


def _uuid(value: object) -> str | None:
    try:
        return str(UUID(value))  # type: ignore[arg-type]
    except (ValueError, TypeError, AttributeError):
        return None


def _moment(value: object) -> datetime:
    now = datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(value)  # type: ignore[arg-type]
        return min(now, moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, TypeError, OverflowError):
        return now


def _as_json(headers: Mapping[str, Any]) -> str:
    try:
        return _NUL.sub(r"\1?", json.dumps(headers, default=str, allow_nan=False))
    except (ValueError, TypeError, RecursionError):
        return "{}"
